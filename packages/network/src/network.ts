import type { GossipHandler } from './gossip/subscriptions.js'
import type { HealthState } from './peers/health.js'
import type { RequestOptions } from './requests/outgoing-channel.js'
import type { AllowOptions, HandleOptions, MessageHandler, RequestHandler } from './requests/registry.js'

/** What the health checks say about one peer. */
export interface PeerHealth {
  /** `suspect`: nothing certain, e.g. just disconnected or never seen; `unhealthy`: three checks missed in a row. */
  readonly state: HealthState
  /** Checks missed in a row. */
  readonly missed: number
  /** When it last answered: milliseconds since this host was made, on a clock that never jumps. */
  readonly lastSeenMs: number | undefined
  /** The same by the wall clock, to be shown. */
  readonly lastSeenAt: Date | undefined
}

/** Counters and gauges of a host, for metrics. Counters begin at 0 when the host is made. */
export interface NetworkStats {
  readonly connections: number
  readonly connectionsRefused: number
  /** Requests of this host without an answer yet. */
  readonly requestsInFlight: number
  /** Messages of `notify` that certainly weren't delivered. */
  readonly messagesDropped: number
  /** Peers disconnected because of invalid frames. */
  readonly framingViolations: number
  /** Proofs of membership that failed: another cluster key, or none. */
  readonly admissionsRefused: number
  /** Streams of members' protocols that others opened. */
  readonly streamsRefused: number
  /** Gossip that no member made, or too large. */
  readonly gossipRejected: number
  /** Gossip of members that was seen before, is of an earlier run or of a layout that this version doesn't know. */
  readonly gossipIgnored: number
  /** Times a peer was shut out for a while. */
  readonly peersShutOut: number
  /** Handshakes given up in favour of newer ones: a flood of connections that say nothing. */
  readonly handshakesDropped: number
  /** Applications and gateways disconnected for what they made this host hold, since it was started. */
  readonly guestsDisconnected: number
}

/** A host of the network. Everything but the transport may be called before `start()` and after `stop()`. */
export interface Network {
  /** Available before `start()`. */
  readonly peerId: string
  /** Idempotent. @throws DbClusterError `LISTEN_FAILED` naming the address */
  start(): Promise<void>
  /** Idempotent. Requests without an answer end with `OUTCOME_UNKNOWN` or `NODE_UNREACHABLE`. */
  stop(): Promise<void>
  /** Own dialable addresses, each with `/p2p/…`; none while stopped. */
  multiaddrs(): readonly string[]
  /** Sorted. Of a node: the members among them. */
  connectedPeers(): readonly string[]

  /** Keeps a connection to this peer, redialling with backoff, until it is forgotten. The addresses replace those given before; what isn't a multiaddr is ignored. */
  want(peerId: string, multiaddrs: readonly string[]): void
  /** Ends `want`. Open connections stay; bootstrap peers stay wanted. */
  unwant(peerId: string): void
  /** Without `/p2p/…`; those given to `want` first, then what was learned. */
  knownAddresses(peerId: string): readonly string[]
  /** Of a node: members, once both sides have proven themselves. */
  onPeerConnected(listener: (peerId: string) => void): () => void
  onPeerDisconnected(listener: (peerId: string) => void): () => void

  /**
   * Gossips to the subscribers of a topic, at most once each. Resolves with the number of peers it was sent to.
   * @throws DbClusterError `REQUEST_TOO_LARGE` above `LIMITS.gossipBytes`, `INVALID_REQUEST` in client mode, `SHUTTING_DOWN` while stopped
   */
  publish(topic: string, payload: Uint8Array): Promise<number>
  /** Messages that no member made are refused. `allow` is asked with the author's peer id; others' are not delivered or passed on. */
  subscribe(topic: string, handler: GossipHandler, options?: AllowOptions): () => void

  /** Answers requests. One handler per protocol; what it throws travels back as the same error. @throws DbClusterError `CONFLICT` */
  handle(protocol: string, handler: RequestHandler, options?: HandleOptions): () => void
  /**
   * Asks a peer, over one stream that stays open. The payload must not be changed afterwards.
   * @throws DbClusterError `NODE_UNREACHABLE` when certainly nothing was delivered, `OUTCOME_UNKNOWN` when the connection was lost
   *   after sending, `TIMEOUT`, `CANCELLED`, `OVERLOADED`, `REQUEST_TOO_LARGE`, or what the handler threw
   */
  request(peerId: string, protocol: string, payload: Uint8Array, options?: RequestOptions): Promise<Uint8Array>
  /** Sends without an answer: best effort, in order per peer and protocol while the connection lasts. */
  notify(peerId: string, protocol: string, payload: Uint8Array): void
  handleMessages(protocol: string, handler: MessageHandler, options?: HandleOptions): () => void

  health(peerId: string): PeerHealth
  onHealthChanged(listener: (peerId: string, health: PeerHealth) => void): () => void
  stats(): NetworkStats
}
