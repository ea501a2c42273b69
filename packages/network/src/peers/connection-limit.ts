import type { Connection, ConnectionGater } from '@libp2p/interface'
import { BOUNDS } from '../bounds.js'

export interface ConnectionLimitInit {
  readonly maxConnections: number
  readonly connections: () => readonly Connection[]
  readonly connectionsTo: (peerId: string) => readonly Connection[]
  readonly wantedPeers: () => readonly string[]
}

/**
 * Refuses connections beyond `maxConnections`. Wanted peers have a slot each, however many applications are connected:
 * members of the network must not be locked out by its users.
 */
export class ConnectionLimit {
  readonly #init: ConnectionLimitInit
  #refused = 0
  /** Accepted in this turn of the event loop, not yet among the connections. */
  #accepted = 0

  constructor(init: ConnectionLimitInit) {
    this.#init = init
  }

  /** Connections refused since the start, handshakes included. */
  get refused(): number {
    return this.#refused
  }

  /** Why one more connection to this peer isn't possible, if so. */
  refusal(peerId: string): string | undefined {
    const { connectionsTo, maxConnections } = this.#init
    if (connectionsTo(peerId).length >= BOUNDS.connectionsPerPeer) {
      return `it already has ${BOUNDS.connectionsPerPeer} connections`
    }
    const wanted = new Set(this.#init.wantedPeers())
    if (wanted.has(peerId)) return undefined
    const others = this.#init.connections().filter((connection) => !wanted.has(connection.remotePeer.toString()))
    return others.length + this.#accepted + wanted.size < maxConnections
      ? undefined
      : `max_connections (${maxConnections}) is reached`
  }

  /** For libp2p. The peer is known only after encryption, so before it only hopeless connections are refused. */
  gater(): ConnectionGater {
    const { connections, maxConnections } = this.#init
    return {
      denyInboundConnection: () => this.#deny(connections().length >= maxConnections + BOUNDS.pendingConnections),
      denyInboundUpgradedConnection: (peerId) =>
        this.#deny(this.refusal(peerId.toString()) !== undefined) || this.#accept(),
    }
  }

  /** Connections that come at once must not all find the same last slot free. */
  #accept(): false {
    this.#accepted++
    setImmediate(() => this.#accepted--)
    return false
  }

  #deny(denied: boolean): boolean {
    if (denied) this.#refused++
    return denied
  }
}
