import type { Operation } from '@dbcluster/protocol'
import type { Placements } from './placements.js'

/** Whether the leader has to do it. `none` reads are served by any replica; questions about the network by any node. */
export const isForLeader = (operation: Operation): boolean =>
  'database' in operation &&
  operation.op !== 'status' &&
  operation.op !== 'locate' &&
  operation.op !== 'hibernate' &&
  operation.op !== 'wake' &&
  !(operation.op === 'query' && operation.consistency === 'none')

/** Chooses the node that a request goes to. */
export class Router {
  readonly #placements: Placements
  readonly #connectedPeers: () => readonly string[]
  #turn = 0

  constructor(placements: Placements, connectedPeers: () => readonly string[]) {
    this.#placements = placements
    this.#connectedPeers = connectedPeers
  }

  /**
   * The best connected node that has not failed this call yet: the leader's, another replica's, any other in turn.
   * When all have failed, the best one again. `undefined` when no node is connected.
   */
  choose(operation: Operation, key: string | undefined, failed: ReadonlySet<string>): string | undefined {
    const connected = this.#connectedPeers()
    if (connected.length === 0) return undefined
    this.#turn = (this.#turn + 1) % 1_000_000
    const known = (key === undefined ? undefined : this.#placements.get(key)) ?? []
    const replicas = known.filter((peer) => connected.includes(peer))
    const others = connected.filter((peer) => !known.includes(peer))
    const order = [...(isForLeader(operation) ? replicas : rotate(replicas, this.#turn)), ...rotate(others, this.#turn)]
    return order.find((peer) => !failed.has(peer)) ?? order[0]
  }
}

const rotate = (peers: readonly string[], turn: number): readonly string[] => {
  const at = peers.length === 0 ? 0 : turn % peers.length
  return [...peers.slice(at), ...peers.slice(0, at)]
}
