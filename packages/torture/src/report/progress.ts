import type { HistoryEvent } from '../history/event.js'

const EVERY_MS = 5_000
const ERRORS_TOLD = 4

/** Tells every few seconds how the run goes. */
export interface Progress {
  onFault(fault: string | undefined): void
  stop(): void
}

/** Begins to tell. */
export const startProgress = (events: readonly HistoryEvent[], print: (line: string) => void): Progress => {
  let fault: string | undefined
  let seen = 0
  const told = { ok: 0, fail: 0, info: 0 }
  const errors = new Map<string, number>()
  const tell = (): void => {
    let recent = 0
    errors.clear()
    for (; seen < events.length; seen += 1) {
      const event = events[seen]
      if (event?.type === 'problem') print(`PROBLEM ${event.what}`)
      if (event?.type === 'note') print(`        ${event.what}`)
      if (event?.type === 'fault' && event.phase === 'skip') print(`SKIPPED ${event.fault}: ${event.what}`)
      if (event?.type !== 'ok' && event?.type !== 'fail' && event?.type !== 'info') continue
      recent += 1
      told[event.type] += 1
      if (event.type !== 'ok') errors.set(event.error, (errors.get(event.error) ?? 0) + 1)
    }
    const frequent = [...errors].sort(([, a], [, b]) => b - a).slice(0, ERRORS_TOLD)
    const now = Math.round((events.at(-1)?.at ?? 0) / 1_000_000)
    print(
      [
        `${String(now).padStart(5)} s  ${told.ok} ok, ${told.fail} failed, ${told.info} unknown (+${recent})`,
        frequent.map(([code, count]) => `${code} ${count}`).join(' '),
        fault ?? '',
      ].join('  '),
    )
  }
  const timer = setInterval(tell, EVERY_MS)
  return {
    onFault: (next) => {
      fault = next
    },
    stop: () => {
      clearInterval(timer)
      tell()
    },
  }
}
