import type { Connection, ConnectionGater, MultiaddrConnection } from '@libp2p/interface'
import { BOUNDS } from '../bounds.js'

export interface ConnectionLimitInit {
  readonly maxConnections: number
  readonly connections: () => readonly Connection[]
  readonly connectionsTo: (peerId: string) => readonly Connection[]
  readonly wantedPeers: () => readonly string[]
  /** Why this peer may not connect now, whatever else: it misbehaved. */
  readonly shutOut: (peerId: string) => string | undefined
}

/**
 * Refuses connections beyond `maxConnections`. Wanted peers have a slot each, however many applications are connected:
 * members of the network must not be locked out by its users.
 */
export class ConnectionLimit {
  readonly #init: ConnectionLimitInit
  readonly #pending = new Set<MultiaddrConnection>()
  #refused = 0
  #handshakesDropped = 0
  /** Accepted in this turn of the event loop, not yet among the connections. */
  #accepted = 0

  constructor(init: ConnectionLimitInit) {
    this.#init = init
  }

  /** Connections refused since the start, handshakes included. */
  get refused(): number {
    return this.#refused
  }

  /** Handshakes given up in favour of newer ones. */
  get handshakesDropped(): number {
    return this.#handshakesDropped
  }

  /** Why one more connection to this peer isn't possible, if so. */
  refusal(peerId: string): string | undefined {
    const { connectionsTo, maxConnections } = this.#init
    const shutOut = this.#init.shutOut(peerId)
    if (shutOut !== undefined) return shutOut
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

  /** For libp2p. The peer is known only after encryption; before it nobody is refused for want of a place. */
  gater(): ConnectionGater {
    return {
      denyInboundConnection: (connection) => this.#begin(connection),
      denyInboundEncryptedConnection: (peerId) => this.#deny(this.#init.shutOut(peerId.toString()) !== undefined),
      denyInboundUpgradedConnection: (peerId, connection) => {
        this.#pending.delete(connection)
        return this.#deny(this.refusal(peerId.toString()) !== undefined) || this.#accept()
      },
    }
  }

  /**
   * The oldest handshake gives way to the newest: an honest one takes milliseconds, so a flood of connections that say
   * nothing can't keep it out, as it would if the newest was refused.
   */
  #begin(connection: MultiaddrConnection): false {
    this.#pending.add(connection)
    connection.addEventListener('close', () => this.#pending.delete(connection))
    const [oldest] = this.#pending
    if (this.#pending.size > BOUNDS.pendingConnections && oldest !== undefined) {
      this.#pending.delete(oldest)
      this.#handshakesDropped++
      oldest.abort(new Error('too many handshakes at once'))
    }
    return false
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
