import { DbClusterError, ERROR_CODES, type ErrorBody, errorTraits, toErrorBody } from '@dbcluster/protocol'
import { writeFields } from './body.js'
import { refusedRateHeaders } from './rate.js'

/** Wait that a client is asked for when the node named none. */
const RETRY_AFTER_SECONDS = 1
const RETRY_AFTER_MAX_SECONDS = 3_600

/** What the response needs to know of the request. */
export interface FailedRequest {
  readonly requestId: string
  readonly credentialGiven: boolean
  /** The client shall not go on on this connection. */
  readonly endsConnection: boolean
}

/** The response for an error: one shape, the fitting status, nothing of our insides. */
export const failureResponse = (error: DbClusterError, given: FailedRequest): Response => {
  const { requestId, credentialGiven, endsConnection } = given
  const { status } = errorTraits(error.code)
  const body: ErrorBody = { ...toErrorBody(outward(error)), request_id: requestId }
  const headers = new Headers({ 'content-type': 'application/json' })
  if (status === 401) {
    headers.set('www-authenticate', `Bearer realm="dbcluster"${credentialGiven ? ', error="invalid_token"' : ''}`)
  }
  if (status === 503 || status === 429) headers.set('retry-after', String(retryAfterSeconds(error)))
  if (status === 429) for (const [name, value] of Object.entries(refusedRateHeaders(error))) headers.set(name, value)
  if (status === 405) headers.set('allow', String(error.details?.allow))
  // Not for a body that was too large: closing before the rest was read resets the connection, and the answer is lost.
  if (error.code === 'CANCELLED' || status === 408 || endsConnection) headers.set('connection', 'close')
  return new Response(writeFields({ error: body }, 'plain'), { status, headers })
}

/** What went wrong inside is for the log: its text may hold paths. */
const outward = (error: DbClusterError): DbClusterError =>
  errorTraits(error.code) === ERROR_CODES.INTERNAL
    ? new DbClusterError('INTERNAL', 'the request failed inside dbcluster', {
        hint: 'report it with this request_id; the logs of gateway and nodes have the cause',
      })
    : error

const retryAfterSeconds = (error: DbClusterError): number => {
  const given = error.details?.retry_after
  const known = typeof given === 'number' && given >= 0 && given <= RETRY_AFTER_MAX_SECONDS
  return known ? Math.ceil(given) : RETRY_AFTER_SECONDS
}
