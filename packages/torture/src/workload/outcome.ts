import { isDbClusterError } from '@dbcluster/client'
import type { Invocation } from '../history/event.js'

/** Codes that leave open whether a write was applied (docs/sdk.md); every other one says that it certainly was not. */
const UNKNOWN: ReadonlySet<string> = new Set(['OUTCOME_UNKNOWN', 'CANCELLED', 'INTERNAL', 'RESULT_TOO_LARGE'])

/** How a failed operation ends in the history. */
export interface FailedOutcome {
  readonly type: 'fail' | 'info'
  readonly error: string
  readonly text: string
}

/** Reads change nothing, so they only fail. What is no error of ours says nothing about a write. */
export const outcomeOf = ({ f }: Invocation, thrown: unknown): FailedOutcome => {
  const error = isDbClusterError(thrown) ? thrown.code : 'NOT_OURS'
  const text = thrown instanceof Error ? thrown.message.slice(0, 300) : String(thrown)
  const reads = f.endsWith('.read') || f === 'bank.audit' || f === 'replica.dump'
  const isUnknown = !reads && (error === 'NOT_OURS' || UNKNOWN.has(error))
  return { type: isUnknown ? 'info' : 'fail', error, text }
}
