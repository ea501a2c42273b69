import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { HistoryEvent } from './event.js'

/** An event without its time, which the writer adds. */
export type Unstamped<E = HistoryEvent> = E extends HistoryEvent ? Omit<E, 'at'> : never

/** Writes a history, one line after the other, in the order in which things were seen. */
export interface HistoryWriter {
  readonly events: readonly HistoryEvent[]
  /** Adds a line, with the time. */
  add(event: Unstamped): void
  /** Resolves when everything is on disk. */
  close(): Promise<void>
}

/** Begins a history; its clock starts now. */
export const createHistoryWriter = (file: string): HistoryWriter => {
  const startedMs = performance.now()
  const stream = createWriteStream(file, { flags: 'wx' })
  const events: HistoryEvent[] = []
  return {
    events,
    add: (event) => {
      const stamped = { at: Math.round((performance.now() - startedMs) * 1_000), ...event } as HistoryEvent
      events.push(stamped)
      stream.write(`${JSON.stringify(stamped)}\n`)
    },
    close: async () => {
      stream.end()
      await once(stream, 'close')
    },
  }
}
