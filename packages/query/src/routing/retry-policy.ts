import { DbClusterError } from '@dbcluster/protocol'

/** Pauses between attempts while a cluster elects a leader: about its election time, then longer. */
const PAUSES_MS = [20, 40, 80, 160, 250] as const

/**
 * How long attempts go on while no replica can serve: an election takes less than 2 s, a wake-up less than 8 s, so by then
 * a majority is gone, and the caller had better know than wait for all of its time.
 */
export const PATIENCE_MS = 10_000

/** No replica served it, and certainly nothing was applied: the next one may, or the same in a moment. */
const ROUTE_CODES: ReadonlySet<string> = new Set([
  'NO_LEADER',
  'NOT_LEADER',
  'NOT_REPLICA',
  'NODE_UNREACHABLE',
  'DATABASE_UNAVAILABLE',
  'RQLITED_START_FAILED',
  'SHUTTING_DOWN',
  'OVERLOADED',
])

/**
 * Whether a request may be tried again after this error: whatever reads, and a write only when it certainly was not
 * applied.
 */
export const mayRetry = (error: DbClusterError, readOnly: boolean): boolean =>
  ROUTE_CODES.has(error.code) || (readOnly && error.code === 'OUTCOME_UNKNOWN')

/** The pause before the attempt after this one, which was the `attempt`th. */
export const pauseAfterMs = (attempt: number): number => PAUSES_MS[Math.min(attempt, PAUSES_MS.length) - 1] ?? 0

/** What the caller is told when it went on for too long. */
export const unavailable = (name: string, error: DbClusterError, sinceMs: number): DbClusterError => {
  if (error.code === 'OVERLOADED' || error.code === 'SHUTTING_DOWN') return error
  const code = error.code === 'NO_LEADER' || error.code === 'NOT_LEADER' ? 'NO_LEADER' : 'DATABASE_UNAVAILABLE'
  return new DbClusterError(
    code,
    `no replica of ${name} could serve this for ${Math.round(sinceMs)} ms: ${error.message}`,
    {
      hint: 'nothing was applied. More than half of its replicas must be up: the status of the database lists them, the status of the network the nodes',
      details: { lastCode: error.code, sinceMs: Math.round(sinceMs) },
      cause: error,
    },
  )
}
