import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { Dialer } from '../peers/dialer.js'
import { ChannelPool } from '../requests/channel-pool.js'
import { GuestMemory } from '../requests/guest-memory.js'
import { IncomingStreams } from '../requests/incoming-streams.js'
import type { ProtocolEntry, Registry } from '../requests/registry.js'
import { createHost, type Host, type HostInit, startHost } from './host.js'

export interface SessionInit extends HostInit {
  readonly registry: Registry
  /** Something arrived from a peer. */
  readonly onActivity: (peerId: string) => void
  /** A peer broke the framing and was disconnected. */
  readonly onViolation: (peerId: string, error: Error) => void
  readonly onMessageDropped: () => void
}

/** What exists between start and stop: the libp2p host, its connections and streams. */
export class Session {
  readonly #init: SessionInit
  readonly #host: Host
  readonly #dialer: Dialer
  readonly #incoming: IncomingStreams
  readonly channels: ChannelPool
  readonly guestMemory: GuestMemory

  private constructor(init: SessionInit, host: Host) {
    this.#init = init
    this.#host = host
    const { libp2p } = host
    const onViolation = (peerId: string, error: Error): void => {
      this.abortConnections(peerId, error)
      init.onViolation(peerId, error)
    }
    const { admission, membersOnly } = host
    this.#dialer = new Dialer({ libp2p, book: init.book, refusal: (peerId) => init.limit.refusal(peerId), admission })
    const { logger } = init.components
    const disconnect = (peerId: string, error: Error): void => this.abortConnections(peerId, error)
    this.guestMemory = new GuestMemory({ logger, disconnect, maxBytes: init.config.guestMaxBytes })
    const { guestMemory } = this
    this.#incoming = new IncomingStreams({ ...init, libp2p, membersOnly, logger, guestMemory, onViolation })
    this.channels = new ChannelPool({ ...init, connect: (peerId) => this.#dialer.connect(peerId), onViolation })
  }

  /** Makes the host; handlers are in place before the first connection can come. */
  static async create(init: SessionInit): Promise<Session> {
    const session = new Session(init, await createHost(init))
    for (const entry of init.registry.entries()) await session.addProtocol(entry)
    return session
  }

  get libp2p(): Libp2p {
    return this.#host.libp2p
  }

  get gossip(): Host['gossip'] {
    return this.#host.gossip
  }

  /** @throws DbClusterError `LISTEN_FAILED` */
  async start(): Promise<void> {
    await startHost(this.libp2p, this.#init.config)
    for (const topic of this.#init.subscriptions.topics()) this.gossip?.subscribe(topic)
  }

  async stop(): Promise<void> {
    this.#dialer.stop()
    this.channels.closeAll('the host is stopping')
    await this.libp2p.stop()
  }

  /** Members, of a node; everybody connected, of a client. */
  connectedPeers(): readonly string[] {
    const peers = this.libp2p.getPeers().map(String)
    return this.#host.admission === undefined ? peers : peers.filter((peerId) => this.isConnected(peerId))
  }

  connect(peerId: string): Promise<unknown> {
    return this.#dialer.connect(peerId)
  }

  isConnected(peerId: string): boolean {
    return this.#dialer.existing(peerId) !== undefined
  }

  lookUp(peerId: string): Promise<void> {
    return this.#host.lookUp(peerId)
  }

  addProtocol(entry: ProtocolEntry): Promise<void> {
    return this.#incoming.add(entry)
  }

  removeProtocol(entry: ProtocolEntry): Promise<void> {
    return this.#incoming.remove(entry)
  }

  abortConnections(peerId: string, error: Error): void {
    for (const connection of this.libp2p.getConnections(peerIdFromString(peerId))) connection.abort(error)
  }
}
