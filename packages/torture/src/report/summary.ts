import type { HistoryEvent } from '../history/event.js'
import { operationsOf } from '../history/operations.js'

/** What happened in a run, counted. */
export interface Summary {
  readonly seconds: number
  readonly operations: number
  readonly outcomes: Readonly<Record<'ok' | 'fail' | 'open', number>>
  /** How often each error came. */
  readonly errors: ReadonlyMap<string, number>
  readonly faults: ReadonlyMap<string, number>
  readonly skipped: ReadonlyMap<string, string>
  /** By what happened to the leader: milliseconds until a write was acknowledged that was called after that. */
  readonly toNextWriteMs: ReadonlyMap<string, readonly number[]>
}

/** Counts what happened. */
export const summarize = (events: readonly HistoryEvent[]): Summary => {
  const operations = operationsOf(events)
  const outcomes = { ok: 0, fail: 0, open: 0 }
  const errors = new Map<string, number>()
  const faults = new Map<string, number>()
  const skipped = new Map<string, string>()
  for (const { outcome, error } of operations) {
    outcomes[outcome] += 1
    if (error !== undefined) errors.set(error, (errors.get(error) ?? 0) + 1)
  }
  for (const event of events) {
    if (event.type !== 'fault') continue
    if (event.phase === 'begin') faults.set(event.fault, (faults.get(event.fault) ?? 0) + 1)
    if (event.phase === 'skip') skipped.set(event.fault, event.what)
  }
  const toNextWriteMs = new Map<string, number[]>()
  for (const event of events) {
    if (event.type !== 'leaderless') continue
    const next = operations.find(
      ({ invocation: { f, key }, outcome, calledAt }) =>
        outcome === 'ok' && calledAt >= event.at && key.startsWith(`${event.database}/`) && isWrite(f),
    )
    if (next === undefined) continue
    const took = (next.endedAt - event.at) / 1_000
    toNextWriteMs.set(event.how, [...(toNextWriteMs.get(event.how) ?? []), took])
  }
  const seconds = (events.at(-1)?.at ?? 0) / 1_000_000
  return { seconds, operations: operations.length, outcomes, errors, faults, skipped, toNextWriteMs }
}

const isWrite = (f: string): boolean => ['register.write', 'list.append', 'bank.transfer'].includes(f)
