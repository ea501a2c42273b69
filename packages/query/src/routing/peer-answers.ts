import type { QueryComponents } from '../components.js'
import type { Ask } from '../passage.js'
import { forward } from './forwarder.js'

/** How long other nodes may take to tell about their replicas: a status that is late is worth less than none. */
const ANSWER_WITHIN_MS = 1_000

/**
 * Asks other nodes, all at once, what was asked of this one; only those that answered in time are in the result. A
 * request that was passed on to us is not passed on further.
 */
export const peerAnswers = async <T>(
  network: QueryComponents['network'],
  peerIds: readonly string[],
  ask: Ask,
): Promise<ReadonlyMap<string, T>> => {
  if (ask.hops > 0) return new Map()
  const asked = peerIds.map(async (peerId): Promise<readonly [string, T] | undefined> => {
    try {
      const { result } = await forward(network, peerId, ask, { readOnly: true, timeoutMs: ANSWER_WITHIN_MS })
      return [peerId, result as T]
    } catch {
      return undefined // gone, slow, or of another mind about this database: it does not count
    }
  })
  return new Map((await Promise.all(asked)).filter((answer) => answer !== undefined))
}
