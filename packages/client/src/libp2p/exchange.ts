import {
  CLIENT_PROTOCOL,
  type ClientRequest,
  type ClientResponse,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  fromErrorBody,
  isDbClusterError,
  type OperationName,
} from '@dbcluster/protocol'
import type { Deadline } from '../deadline.js'
import { isWrite } from '../operations.js'
import type { OperationOf, TransportAnswer, TransportCallOptions } from '../transport.js'
import type { NodeNetwork } from './node-network.js'

/** One attempt: one request frame to one node, and its answer. */
export const exchange = async <O extends OperationName>(
  network: NodeNetwork,
  peerId: string,
  operation: OperationOf<O>,
  { credential, requestId, deadline }: Pick<TransportCallOptions, 'credential' | 'requestId'> & { deadline: Deadline },
): Promise<TransportAnswer<O>> => {
  const timeoutMs = Math.max(1, deadline.remainingMs())
  const request: ClientRequest = {
    ...(credential === undefined ? {} : { credential }),
    requestId,
    timeoutMs,
    operation,
  }
  let payload: Uint8Array
  try {
    payload = await network.request(peerId, CLIENT_PROTOCOL, encodeMessage(request), {
      signal: deadline.signal,
      timeoutMs,
    })
  } catch (error) {
    throw localFault(error, operation.op, deadline)
  }
  const response = decodeMessage(payload)
  if (!isResponse(response)) {
    throw new DbClusterError(isWrite(operation.op) ? 'OUTCOME_UNKNOWN' : 'INTERNAL', `${peerId} sent no valid answer`, {
      hint: 'node and client may be of versions that do not fit',
      requestId,
    })
  }
  if (!response.ok) throw fromErrorBody({ request_id: requestId, ...response.error })
  return { result: response.result as TransportAnswer<O>['result'], meta: response.meta }
}

/** Our own deadline and signal say it best; a time limit that struck below is one of a write with unknown outcome. */
const localFault = (error: unknown, op: OperationName, deadline: Deadline): unknown => {
  if (!isDbClusterError(error)) return error
  if (error.code === 'NODE_UNREACHABLE') return error
  if (deadline.signal.aborted || error.code === 'TIMEOUT') return deadline.error(op, isWrite(op))
  return error
}

const isResponse = (value: unknown): value is ClientResponse => {
  if (typeof value !== 'object' || value === null || !('ok' in value)) return false
  if (value.ok === true) return 'result' in value && 'meta' in value
  return value.ok === false && 'error' in value && typeof value.error === 'object' && value.error !== null
}
