import { DbClusterError, LIMITS } from '@dbcluster/protocol'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { Misdeeds } from './admission/misdeeds.js'
import type { NetworkComponents, NetworkConfig } from './config.js'
import { Subscriptions } from './gossip/subscriptions.js'
import { Session } from './host/session.js'
import { Listeners } from './listeners.js'
import type { Network, NetworkStats, PeerHealth } from './network.js'
import { AddressBook, usableAddresses } from './peers/address-book.js'
import { ConnectionLimit } from './peers/connection-limit.js'
import { UNKNOWN_HEALTH } from './peers/health.js'
import { HealthChecker } from './peers/health-checker.js'
import { Redialer } from './peers/redialer.js'
import type { RequestOptions } from './requests/outgoing-channel.js'
import { Registry } from './requests/registry.js'
import { unreachable } from './requests/request-errors.js'

/** Every node answers on it, applications too. */
const HEALTH_PROTOCOL = '/dbcluster/health/1'
const NOTHING = new Uint8Array(0)

/** Wires the parts together; each of them decides its own matters. */
export class NetworkHost implements Network {
  readonly peerId: string
  readonly #config: NetworkConfig
  readonly #components: NetworkComponents
  readonly #book = new AddressBook()
  readonly #limit: ConnectionLimit
  readonly #misdeeds: Misdeeds
  readonly #redialer: Redialer
  readonly #health: HealthChecker
  readonly #registry: Registry
  readonly #subscriptions: Subscriptions
  readonly #connected: Listeners<[string]>
  readonly #disconnected: Listeners<[string]>
  readonly #healthChanged: Listeners<[string, PeerHealth]>
  #messagesDropped = 0
  #gossipIgnored = 0
  #session: Session | undefined
  /** Starts and stops follow each other, however they are called. */
  #transition: Promise<void> = Promise.resolve()

  constructor(config: NetworkConfig, components: NetworkComponents) {
    const { logger } = components
    this.#config = config
    this.#components = components
    this.peerId = peerIdFromPrivateKey(config.privateKey).toString()
    this.#connected = new Listeners(logger)
    this.#disconnected = new Listeners(logger)
    this.#healthChanged = new Listeners(logger)
    const isConnected = (peerId: string): boolean => this.#session?.isConnected(peerId) ?? false
    const failed = (error: unknown): void => logger.error('Changing a protocol failed', { error })
    this.#registry = new Registry({
      onAdded: (entry) => void this.#session?.addProtocol(entry).catch(failed),
      onRemoved: (entry) => void this.#session?.removeProtocol(entry).catch(failed),
    })
    this.#subscriptions = new Subscriptions({
      logger,
      onAdded: (topic) => this.#session?.gossip?.subscribe(topic),
      onRemoved: (topic) => this.#session?.gossip?.unsubscribe(topic),
    })
    this.#misdeeds = new Misdeeds({
      logger,
      disconnect: (peerId, error) => this.#session?.abortConnections(peerId, error),
    })
    this.#redialer = new Redialer({
      logger,
      isConnected,
      dial: async (peerId) => await this.#session?.connect(peerId),
      lookUp: async (peerId) => await this.#session?.lookUp(peerId),
    })
    this.#limit = new ConnectionLimit({
      maxConnections: config.maxConnections,
      shutOut: (peerId) => this.#misdeeds.refusal(peerId),
      connections: () => this.#session?.libp2p.getConnections() ?? [],
      connectionsTo: (peerId) => this.#session?.libp2p.getConnections(peerIdFromString(peerId)) ?? [],
      wantedPeers: () => this.#redialer.wantedPeers(),
    })
    this.#health = new HealthChecker({
      intervalMs: config.healthCheckIntervalMs,
      isConnected,
      isWanted: (peerId) => this.#redialer.isWanted(peerId),
      check: async (peerId, timeoutMs) => void (await this.request(peerId, HEALTH_PROTOCOL, NOTHING, { timeoutMs })),
      onChanged: (peerId) => this.#healthChanged.emit(peerId, this.health(peerId)),
      onDeadConnection: (peerId) =>
        this.#session?.abortConnections(peerId, new Error('health checks were not answered')),
    })
    for (const { peerId, address } of config.bootstrapPeers) {
      this.#book.learn(peerId, [address])
      this.want(peerId, this.#book.of(peerId))
    }
    if (config.mode === 'node') this.#registry.handle(HEALTH_PROTOCOL, async () => NOTHING, { audience: 'everyone' })
  }

  start(): Promise<void> {
    return this.#then(async () => {
      if (this.#session !== undefined) return
      const session = await this.#createSession()
      this.#session = session
      try {
        await session.start()
      } catch (error) {
        this.#session = undefined
        throw error
      }
      this.#redialer.start()
      this.#health.start()
    })
  }

  stop(): Promise<void> {
    return this.#then(async () => {
      const session = this.#session
      this.#redialer.stop()
      this.#health.stop()
      this.#session = undefined
      await session?.stop()
    })
  }

  multiaddrs(): readonly string[] {
    return this.#session?.libp2p.getMultiaddrs().map(String) ?? []
  }

  connectedPeers(): readonly string[] {
    return [...(this.#session?.connectedPeers() ?? [])].sort()
  }

  want(peerId: string, multiaddrs: readonly string[]): void {
    if (peerId === this.peerId) return
    this.#book.want(peerId, usableAddresses(peerId, multiaddrs, this.#components.logger))
    this.#redialer.want(peerId)
    this.#health.track(peerId)
  }

  unwant(peerId: string): void {
    if (this.#config.bootstrapPeers.some((bootstrap) => bootstrap.peerId === peerId)) return
    this.#redialer.unwant(peerId)
    this.#book.want(peerId, [])
    this.#health.untrack(peerId)
  }

  knownAddresses(peerId: string): readonly string[] {
    return this.#book.of(peerId)
  }

  onPeerConnected(listener: (peerId: string) => void): () => void {
    return this.#connected.add(listener)
  }

  onPeerDisconnected(listener: (peerId: string) => void): () => void {
    return this.#disconnected.add(listener)
  }

  async publish(topic: string, payload: Uint8Array): Promise<number> {
    if (payload.length > LIMITS.gossipBytes) {
      const text = `a gossip message of ${payload.length} bytes is larger than the ${LIMITS.gossipBytes} allowed`
      throw new DbClusterError('REQUEST_TOO_LARGE', text, { hint: 'split it, or send it on a stream' })
    }
    if (this.#config.mode === 'client') {
      throw new DbClusterError('INVALID_REQUEST', `a client doesn't gossip (topic ${topic})`, { hint: 'ask a node' })
    }
    const gossip = this.#session?.gossip
    if (gossip === undefined) throw new DbClusterError('SHUTTING_DOWN', `the host is stopped (publish on ${topic})`)
    return await gossip.publish(topic, payload)
  }

  subscribe(...[topic, handler, options]: Parameters<Network['subscribe']>): () => void {
    return this.#subscriptions.add(topic, handler, options)
  }

  handle(...[protocol, handler, options]: Parameters<Network['handle']>): () => void {
    return this.#registry.handle(protocol, handler, options)
  }

  handleMessages(...[protocol, handler, options]: Parameters<Network['handleMessages']>): () => void {
    return this.#registry.handleMessages(protocol, handler, options)
  }

  request(peerId: string, protocol: string, payload: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    const session = this.#session
    if (session === undefined) return Promise.reject(unreachable({ peerId, protocol }, 'this host is stopped'))
    return session.channels.to(peerId, protocol).request(payload, options)
  }

  notify(peerId: string, protocol: string, payload: Uint8Array): void {
    if (this.#session === undefined) this.#messagesDropped++
    else this.#session.channels.to(peerId, protocol).message(payload)
  }

  health(peerId: string): PeerHealth {
    if (peerId === this.peerId) return { state: 'healthy', missed: 0, ...this.#health.now() }
    const { record = UNKNOWN_HEALTH, lastSeenMs, lastSeenAt } = this.#health.of(peerId) ?? {}
    return { ...record, lastSeenMs, lastSeenAt }
  }

  onHealthChanged(listener: (peerId: string, health: PeerHealth) => void): () => void {
    return this.#healthChanged.add(listener)
  }

  stats(): NetworkStats {
    return {
      connections: this.#session?.libp2p.getConnections().length ?? 0,
      connectionsRefused: this.#limit.refused,
      requestsInFlight: this.#session?.channels.requestsInFlight ?? 0,
      messagesDropped: this.#messagesDropped,
      gossipIgnored: this.#gossipIgnored,
      handshakesDropped: this.#limit.handshakesDropped,
      guestsDisconnected: this.#session?.guestMemory.disconnected ?? 0,
      ...this.#misdeeds.counts,
    }
  }

  #then(change: () => Promise<void>): Promise<void> {
    const next = this.#transition.then(change)
    this.#transition = next.catch(() => undefined)
    return next
  }

  #createSession(): Promise<Session> {
    return Session.create({
      config: this.#config,
      components: this.#components,
      self: this.peerId,
      limit: this.#limit,
      misdeeds: this.#misdeeds,
      book: this.#book,
      subscriptions: this.#subscriptions,
      registry: this.#registry,
      events: {
        onConnected: (peerId) => this.#onConnected(peerId),
        onDisconnected: (peerId) => this.#onDisconnected(peerId),
        onDiscovered: (peerId) => this.#onDiscovered(peerId),
        onGossipIgnored: () => this.#gossipIgnored++,
      },
      onActivity: (peerId) => this.#health.heard(peerId),
      onMessageDropped: () => this.#messagesDropped++,
      onViolation: (peerId, error) => {
        this.#misdeeds.add(peerId, 'framingViolations', error.message)
        this.#components.logger.warn('Disconnected a peer that broke the framing', {
          peer: peerId,
          error: error.message,
        })
      },
    })
  }

  #onConnected(peerId: string): void {
    this.#redialer.connected(peerId)
    if (this.#config.mode === 'node' || this.#health.of(peerId) !== undefined) this.#health.track(peerId)
    this.#connected.emit(peerId)
  }

  #onDisconnected(peerId: string): void {
    this.#redialer.disconnected(peerId)
    this.#health.disconnected(peerId)
    this.#disconnected.emit(peerId)
  }

  /** Every member should be connected to every other, while there is room: it is what makes gossip one hop. */
  #onDiscovered(peerId: string): void {
    const session = this.#session
    if (session === undefined || this.#config.mode === 'client') return
    if (peerId === this.peerId || session.isConnected(peerId)) return
    if (session.libp2p.getConnections().length >= this.#config.maxConnections / 2) return
    session.connect(peerId).catch((error: unknown) => {
      this.#components.logger.debug('Dialling a discovered peer failed', { peer: peerId, error: String(error) })
    })
  }
}
