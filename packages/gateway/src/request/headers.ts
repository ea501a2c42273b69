import { DbClusterError } from '@dbcluster/protocol'

const REQUEST_ID = /^[\w.:-]{1,128}$/

/** The caller's request id when it is harmless in logs and headers, a random one otherwise. */
export const readRequestId = (headers: Headers): string => {
  const given = headers.get('x-request-id')
  return given !== null && REQUEST_ID.test(given) ? given : crypto.randomUUID()
}

/** The caller's own patience (`X-Timeout-Ms`), never above ours. @throws DbClusterError `INVALID_REQUEST` */
export const readTimeoutMs = (headers: Headers, maxMs: number): number => {
  const given = headers.get('x-timeout-ms')
  if (given === null) return maxMs
  if (/^[1-9]\d{0,8}$/.test(given)) return Math.min(Number(given), maxMs)
  throw new DbClusterError('INVALID_REQUEST', `X-Timeout-Ms is ${JSON.stringify(given.slice(0, 40))}`, {
    hint: `send whole milliseconds from 1 to ${maxMs}`,
  })
}
