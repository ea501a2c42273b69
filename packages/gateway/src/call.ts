import type { Transport, TransportAnswer } from '@dbcluster/client'
import { DbClusterError, type Operation, type OperationName } from '@dbcluster/protocol'
import type { RequestSource } from './request/source.js'

/** One call on behalf of an HTTP request. */
export interface GatewayCall {
  readonly operation: Operation
  readonly credential: string
  readonly requestId: string
  readonly timeoutMs: number
  /** Tells when the HTTP client goes away. */
  readonly source: Pick<RequestSource, 'onDisconnect'>
}

/** The transport keeps time by itself; past this it is taken to have failed at that. */
const GRACE_MS = 250

/** Operations that may be done again without harm. */
export const READS: readonly OperationName[] = [
  'query',
  'schema',
  'list',
  'status',
  'networkStatus',
  'open',
  'locate',
  'wake',
  'hibernate',
  'listKeys',
]

/** Calls the nodes; ends at the time limit, or when the HTTP client goes away, even if the transport does not. */
export const callNodes = async (transport: Transport, call: GatewayCall): Promise<TransportAnswer<OperationName>> => {
  const { operation, credential, requestId, timeoutMs, source } = call
  const controller = new AbortController()
  let leave = (): void => undefined
  const ended = new Promise<never>((_, reject) => {
    const end = (error: DbClusterError): void => {
      reject(error)
      controller.abort(error)
    }
    const timer = setTimeout(() => end(overdue(operation.op, timeoutMs)), timeoutMs + GRACE_MS)
    const stopListening = source.onDisconnect(() =>
      end(new DbClusterError('CANCELLED', 'the HTTP client went away', { requestId })),
    )
    leave = () => {
      clearTimeout(timer)
      stopListening()
    }
  })
  try {
    const { signal } = controller
    const answer = transport.call<OperationName>(operation, { credential, requestId, timeoutMs, signal })
    return await Promise.race([answer, ended])
  } finally {
    leave()
  }
}

const overdue = (op: OperationName, timeoutMs: number): DbClusterError =>
  READS.includes(op)
    ? new DbClusterError('TIMEOUT', `${op} brought no answer within ${timeoutMs} ms`, { hint: 'try again' })
    : new DbClusterError('OUTCOME_UNKNOWN', `${op} brought no answer within ${timeoutMs} ms`, {
        hint: 'it may have been applied: read before you send it again',
      })
