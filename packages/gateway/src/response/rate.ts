import type { DbClusterError, RateState } from '@dbcluster/protocol'

/** Headers of draft-ietf-httpapi-ratelimit-headers-06: a burst's requests, those left, seconds until all are back. */
export const RATE_HEADERS = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] as const

/** The headers of an answer that the node let through. */
export const rateHeaders = (rate: RateState | undefined): Readonly<Record<string, string>> =>
  rate === undefined ? {} : toHeaders(rate.limit, rate.remaining, rate.resetSeconds)

/** The headers of a refusal, from its figures. */
export const refusedRateHeaders = ({ details }: DbClusterError): Readonly<Record<string, string>> => {
  const { limit, remaining, reset, retry_after } = details ?? {}
  if (typeof limit !== 'number' || typeof remaining !== 'number') return {}
  const seconds = typeof reset === 'number' ? reset : typeof retry_after === 'number' ? Math.ceil(retry_after) : 1
  return toHeaders(limit, remaining, seconds)
}

const toHeaders = (limit: number, remaining: number, reset: number): Readonly<Record<string, string>> => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': String(reset),
})
