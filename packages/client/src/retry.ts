/** Most attempts that one call makes. Their pauses add up to about 3 s, beyond what electing a leader takes. */
export const ATTEMPTS_MAX = 10

const FIRST_PAUSE_MS = 25
const PAUSE_MAX_MS = 500

/** Pause before attempt `attempt + 1`: doubling, with equal jitter, so that clients which failed together part. */
export const backoffMs = (attempt: number, random: () => number): number => {
  const full = Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))
  return full / 2 + (full / 2) * random()
}

/**
 * Errors after which the same call is worth another attempt by itself: nothing was applied, and another node, or the
 * same one a moment later, may do it. Other retryable codes (too few nodes, rate limits, a wake-up that a node has
 * waited for in vain) are the caller's to repeat: trying at once only delays the news.
 */
const TRANSIENT: ReadonlySet<string> = new Set([
  'NODE_UNREACHABLE',
  'NOT_REPLICA',
  'NOT_ADMITTED',
  'NO_LEADER',
  'DATABASE_UNAVAILABLE',
  'OVERLOADED',
  'CONCURRENCY_LIMITED',
  'SHUTTING_DOWN',
])

/** Whether a call that failed with `code` is tried again. An unknown outcome is only for what may happen twice. */
export const worthAnotherAttempt = (code: string, write: boolean): boolean =>
  TRANSIENT.has(code) || (code === 'OUTCOME_UNKNOWN' && !write)
