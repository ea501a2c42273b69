import { DbClusterError, type ErrorCode } from '@dbcluster/protocol'

/**
 * What is certain about a request that failed: it never reached rqlited; it reached it and nothing was applied; or
 * nothing is certain. In `details.outcome` of the error.
 */
export type Outcome = 'notSent' | 'notApplied' | 'unknown'

/** What was asked: whether it could change anything decides how an uncertain failure is reported. */
export interface RequestKind {
  readonly what: string
  readonly writes: boolean
}

interface Rule {
  readonly text: RegExp
  readonly code: ErrorCode
  readonly outcome: Outcome
  readonly hint: string
}

const RETRY = 'send it again'

/**
 * Texts of rqlite's store and http packages and of hashicorp/raft, in the body of an error status or as `error` within
 * status 200. First match counts; what isn't here is unknown. Failures on another node come first, since they quote the
 * other node's text.
 */
const RULES: readonly Rule[] = [
  { text: /remote node/, code: 'OUTCOME_UNKNOWN', outcome: 'unknown', hint: '' },
  { text: /leadership lost while committing/, code: 'OUTCOME_UNKNOWN', outcome: 'unknown', hint: '' },
  { text: /raft is already shutdown/, code: 'OUTCOME_UNKNOWN', outcome: 'unknown', hint: '' },
  { text: /^leader not found/, code: 'NO_LEADER', outcome: 'notApplied', hint: `${RETRY} when a leader is elected` },
  { text: /^(?:node is )?not (?:the )?leader/, code: 'NOT_LEADER', outcome: 'notApplied', hint: 'ask the leader' },
  { text: /leadership transfer in progress/, code: 'NO_LEADER', outcome: 'notApplied', hint: RETRY },
  { text: /timed out enqueuing operation/, code: 'OVERLOADED', outcome: 'notApplied', hint: `${RETRY} later` },
  { text: /^store not (?:open|ready)/, code: 'DATABASE_UNAVAILABLE', outcome: 'notApplied', hint: RETRY },
  { text: /^load in progress/, code: 'DATABASE_UNAVAILABLE', outcome: 'notApplied', hint: RETRY },
  {
    text: /^stale read/,
    code: 'DATABASE_UNAVAILABLE',
    outcome: 'notApplied',
    hint: 'ask the leader, or accept older data',
  },
  { text: /^SQL rewrite:/, code: 'SQL_ERROR', outcome: 'notApplied', hint: 'correct the statement' },
]

/** The error for a failure that rqlited reported for a request as a whole. */
export const requestError = (kind: RequestKind, status: number, text: string): DbClusterError => {
  const said = text.trim().slice(0, 500)
  const rule = RULES.find((candidate) => candidate.text.test(said))
  if (rule !== undefined) {
    return rule.outcome === 'unknown'
      ? unknownOutcome(kind, said)
      : certain(kind, rule.code, rule.outcome, said, rule.hint)
  }
  if (status === 400) return certain(kind, 'INVALID_REQUEST', 'notApplied', said, 'correct the request')
  if (status === 401 || status === 403 || status === 404 || status === 405) {
    return certain(
      kind,
      'INTERNAL',
      'notApplied',
      `status ${status} ${said}`,
      'check which rqlited answers on this port',
    )
  }
  if (/unsupported value: [+-]Inf/.test(said) && !kind.writes) {
    return certain(kind, 'SQL_ERROR', 'notApplied', 'a result is infinite, which JSON cannot carry', 'CAST it AS TEXT')
  }
  return unknownOutcome(kind, `status ${status} ${said}`)
}

/** A follower's redirect: it did nothing and names the leader. */
export const notLeaderError = (kind: RequestKind, location: string | undefined): DbClusterError =>
  new DbClusterError('NOT_LEADER', `${kind.what}: this rqlited is not the leader`, {
    hint: 'ask the leader',
    details: { outcome: 'notApplied' satisfies Outcome, location },
  })

/** Nothing is certain: for a read it can be asked again, for a write only the caller can tell. */
export const unknownOutcome = (kind: RequestKind, said: string, cause?: unknown): DbClusterError => {
  const details = { outcome: 'unknown' satisfies Outcome }
  return kind.writes
    ? new DbClusterError('OUTCOME_UNKNOWN', `${kind.what}: ${said}; it may or may not have been applied`, {
        hint: 'read back what it should have changed before you send it again',
        details,
        cause,
      })
    : new DbClusterError('DATABASE_UNAVAILABLE', `${kind.what}: ${said}`, { hint: RETRY, details, cause })
}

const certain = (kind: RequestKind, code: ErrorCode, outcome: Outcome, said: string, hint: string): DbClusterError =>
  new DbClusterError(code, `${kind.what}: ${said}`, { hint, details: { outcome } })

/** Undici's and the system's codes that mean: no connection was made, so nothing was sent. */
const NOT_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** The error for a failure of the connection. */
export const connectionError = (kind: RequestKind, cause: unknown): DbClusterError => {
  const { code, message } = errorParts(cause)
  const said = message ?? String(cause)
  if (!NOT_SENT.has(code)) return unknownOutcome(kind, said, cause)
  return new DbClusterError('DATABASE_UNAVAILABLE', `${kind.what}: rqlited cannot be reached: ${said}`, {
    hint: 'its process is down or starting; send it again',
    details: { outcome: 'notSent' satisfies Outcome },
    cause,
  })
}

/** By shape and not `instanceof`: errors of Node.js itself may come from another realm. */
const errorParts = (
  cause: unknown,
): { readonly code?: unknown; readonly message?: string; readonly details?: unknown } =>
  typeof cause === 'object' && cause !== null ? cause : {}

/** What is certain about a failed call, from its error; an error from elsewhere says nothing. */
export const outcomeOf = (error: unknown): Outcome => {
  const { details } = errorParts(error)
  const outcome = typeof details === 'object' && details !== null && 'outcome' in details ? details.outcome : undefined
  return outcome === 'notSent' || outcome === 'notApplied' ? outcome : 'unknown'
}
