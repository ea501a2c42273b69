import { DbClusterError } from '@dbcluster/protocol/errors'

/** Node's codes of a connection that never came to be; a browser does not tell. */
const NOT_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether a failed `fetch` certainly never reached the other side. */
export const certainlyNotSent = (error: unknown): boolean => {
  // By shape: `fetch` may belong to another realm than this code.
  const { cause } = error as { readonly cause?: { readonly code?: unknown } }
  return NOT_SENT.has(cause?.code)
}

/** The error for an answer that no gateway of ours wrote: a proxy's page, or another server altogether. */
export const unreadableAnswer = (op: string, response: Response, write: boolean): DbClusterError => {
  const type = response.headers.get('content-type') ?? 'no content type'
  const what = `${op}: ${response.url} answered ${response.status} with ${type}, which is no answer of a gateway`
  const gatewayDown = response.status >= 502 && response.status <= 504
  if (!gatewayDown) return new DbClusterError('INTERNAL', what, { hint: 'check the url of the client' })
  return write
    ? new DbClusterError('OUTCOME_UNKNOWN', what, { hint: 'it may have been applied: read before you send it again' })
    : new DbClusterError('NODE_UNREACHABLE', what, { hint: 'a proxy in between cannot reach the gateway' })
}
