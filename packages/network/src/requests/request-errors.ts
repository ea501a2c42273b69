import { DbClusterError } from '@dbcluster/protocol'
import { BOUNDS } from '../bounds.js'

/** What a request was about, for messages. */
export interface RequestTarget {
  readonly peerId: string
  readonly protocol: string
}

const detailsOf = ({ peerId, protocol }: RequestTarget) => ({ peerId, protocol })

/** Nothing was delivered. */
export const unreachable = (target: RequestTarget, why: string): DbClusterError =>
  new DbClusterError('NODE_UNREACHABLE', `node ${target.peerId} can't be reached on ${target.protocol}: ${why}`, {
    hint: 'nothing was delivered: the request may be repeated, there or at another node',
    details: detailsOf(target),
  })

/** It was sent, and the answer will never come. */
export const outcomeUnknown = (target: RequestTarget, why: string): DbClusterError =>
  new DbClusterError('OUTCOME_UNKNOWN', `the connection to node ${target.peerId} was lost before it answered: ${why}`, {
    hint: 'the request may or may not have taken effect: look before repeating it, unless repeating does no harm',
    details: detailsOf(target),
  })

/** The caller's time is over. */
export const timedOut = (target: RequestTarget, timeoutMs: number, sent: boolean): DbClusterError =>
  sent
    ? new DbClusterError(
        'TIMEOUT',
        `node ${target.peerId} didn't answer on ${target.protocol} within ${timeoutMs} ms`,
        {
          hint: 'the request may or may not have taken effect; allow more time or look at that node',
          details: { ...detailsOf(target), timeoutMs },
        },
      )
    : unreachable(target, `the request couldn't be sent within ${timeoutMs} ms`)

export const cancelled = (target: RequestTarget): DbClusterError =>
  new DbClusterError('CANCELLED', `the request to node ${target.peerId} was cancelled by its caller`, {
    details: detailsOf(target),
  })

export const overloaded = (target: RequestTarget, why: string): DbClusterError =>
  new DbClusterError('OVERLOADED', `node ${target.peerId} takes no more requests on ${target.protocol}: ${why}`, {
    hint: 'repeat it later; nothing was delivered',
    details: detailsOf(target),
  })

export const tooLarge = (bytes: number): DbClusterError =>
  new DbClusterError(
    'REQUEST_TOO_LARGE',
    `a request of ${bytes} bytes is larger than the ${BOUNDS.payloadBytes} allowed`,
    {
      hint: 'split it',
      details: { bytes, maxBytes: BOUNDS.payloadBytes },
    },
  )

/** The answering side sent what only the asking side may. */
export const invalidAnswer = (type: number): DbClusterError =>
  new DbClusterError('INVALID_REQUEST', `a peer sent a frame of type ${type} where only answers may come`)
