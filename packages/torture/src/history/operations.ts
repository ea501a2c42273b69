import type { HistoryEvent, Invocation } from './event.js'

/** One operation of a client, from its call to its end. */
export interface Operation {
  /** Position of its first line, which tells operations apart. */
  readonly id: number
  readonly process: number
  readonly via: string
  readonly invocation: Invocation
  /** `open`: it may have been applied, now or later, or never. */
  readonly outcome: 'ok' | 'fail' | 'open'
  /** Position of its last line; infinite while nobody knows. Operations whose spans don't overlap have an order. */
  readonly end: number
  /** Microseconds, as {@link HistoryEvent}'s. */
  readonly calledAt: number
  readonly endedAt: number
  readonly output: unknown
  readonly error: string | undefined
}

/**
 * Pairs the lines of a history.
 * @throws Error when it is no history: an end without a call, or two calls of one process at once
 */
export const operationsOf = (events: readonly HistoryEvent[]): readonly Operation[] => {
  const operations: Operation[] = []
  const open = new Map<number, Operation>()
  for (const [position, event] of events.entries()) {
    if (event.type === 'invoke') {
      if (open.has(event.process)) throw new Error(`line ${position + 1}: process ${event.process} is busy`)
      open.set(event.process, called(position, event))
    } else if (event.type === 'ok' || event.type === 'fail' || event.type === 'info') {
      const operation = open.get(event.process)
      if (operation === undefined) throw new Error(`line ${position + 1}: process ${event.process} has asked nothing`)
      operations.push(ended(operation, position, event))
      open.delete(event.process)
    }
  }
  return [...operations, ...open.values()].sort((a, b) => a.id - b.id)
}

const called = (position: number, event: Extract<HistoryEvent, { type: 'invoke' }>): Operation => {
  const { type: _, process, via, at, ...invocation } = event
  return {
    id: position,
    process,
    via,
    invocation,
    outcome: 'open',
    end: Number.POSITIVE_INFINITY,
    calledAt: at,
    endedAt: Number.POSITIVE_INFINITY,
    output: undefined,
    error: undefined,
  }
}

const ended = (
  operation: Operation,
  position: number,
  event: Extract<HistoryEvent, { type: 'ok' | 'fail' | 'info' }>,
): Operation => {
  if (event.type === 'info') return { ...operation, error: event.error }
  if (event.type === 'fail') {
    return { ...operation, outcome: 'fail', end: position, endedAt: event.at, error: event.error }
  }
  return { ...operation, outcome: 'ok', end: position, endedAt: event.at, output: event.output }
}
