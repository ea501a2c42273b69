import type { HistoryEvent } from '../history/event.js'
import type { Operation } from '../history/operations.js'
import { describe } from './reads.js'
import { Findings, type Verdict } from './verdict.js'

/**
 * Errors that callers may get while things go wrong; each tells them what to do. Any other, such as a table that isn't
 * there or an unexpected failure, is a bug whatever was broken at the time.
 */
const EXPECTED: ReadonlySet<string> = new Set([
  'OTHER_VALUE',
  'ASSERTION_FAILED',
  'NO_LEADER',
  'NOT_LEADER',
  'NOT_REPLICA',
  'NODE_UNREACHABLE',
  'NOT_ADMITTED',
  'DATABASE_UNAVAILABLE',
  'DATABASE_WAKING',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'RQLITED_START_FAILED',
  'TIMEOUT',
  // A gateway that gets no processor takes a body for one that comes too slowly.
  'REQUEST_TOO_SLOW',
  'OUTCOME_UNKNOWN',
  'SQLITE_FULL',
])

/** Nothing happened that must not, whatever goes wrong: every node starts, every database recovers, every error is one that is known. */
export const checkProblems = (operations: readonly Operation[], events: readonly HistoryEvent[]): Verdict => {
  const findings = new Findings()
  for (const event of events) if (event.type === 'problem') findings.add(event.what)
  for (const operation of operations) {
    if (operation.error !== undefined && !EXPECTED.has(operation.error)) findings.add(describe(operation))
  }
  return findings.verdict('nodes start, databases recover, errors are known ones', operations.length)
}
