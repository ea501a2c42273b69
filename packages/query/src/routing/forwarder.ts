import {
  type ClientRequest,
  type ClientResponse,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  FORWARD_PROTOCOL,
  type ForwardRequest,
  fromErrorBody,
  type ResultMeta,
  toDbClusterError,
} from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'
import type { Ask } from '../passage.js'
import { readFailure } from '../writes/write-outcome.js'

/**
 * A node that is passed a request gets this much less time than there is, so that its own answer, which knows whether
 * anything was applied, arrives before we give up.
 */
const ANSWER_MARGIN_MS = 20

/** What another node answered. */
export interface Forwarded {
  readonly result: unknown
  readonly meta: ResultMeta
}

/** How a request is passed on. */
export interface ForwardOptions {
  /** Whether it can change nothing. */
  readonly readOnly: boolean
  /** @default what is left of the request's time */
  readonly timeoutMs?: number
}

/**
 * Passes a request on to another node, for the principal that was established here.
 * @throws DbClusterError what the other node answered; `NODE_UNREACHABLE` and `OVERLOADED` when it certainly got nothing;
 * for what may change something `OUTCOME_UNKNOWN` when its answer did not come
 */
export const forward = async (
  network: QueryComponents['network'],
  peerId: string,
  ask: Ask,
  options: ForwardOptions,
): Promise<Forwarded> => {
  const { signal } = ask.deadline
  const timeoutMs = Math.max(
    1,
    Math.ceil(Math.min(ask.deadline.leftMs(), options.timeoutMs ?? Number.POSITIVE_INFINITY)),
  )
  const message: ForwardRequest = {
    principal: ask.principal,
    hops: ask.hops + 1,
    request: { ...withoutCredential(ask.request), timeoutMs: Math.max(1, timeoutMs - ANSWER_MARGIN_MS) },
  }
  let answer: Uint8Array
  try {
    answer = await network.request(peerId, FORWARD_PROTOCOL, encodeMessage(message), { signal, timeoutMs })
  } catch (thrown) {
    throw unanswered(toDbClusterError(thrown), ask, options.readOnly)
  }
  const response = decodeMessage(answer) as ClientResponse
  if (!response.ok) throw fromErrorBody(response.error)
  return response
}

/** The network does not tell whether a request that was given up had been sent: it is taken for sent. */
const unanswered = (error: DbClusterError, ask: Ask, readOnly: boolean): DbClusterError => {
  if (error.code !== 'TIMEOUT' && error.code !== 'CANCELLED') return error
  if (readOnly) return readFailure(error, ask.deadline)
  return new DbClusterError('OUTCOME_UNKNOWN', 'the time was over before the node that has the leader answered', {
    hint: 'read back what the statement should have changed before you send it again; allow it more time',
    details: { outcome: 'unknown' },
    cause: error,
  })
}

const withoutCredential = ({ credential: _, ...request }: ClientRequest): ClientRequest => request
