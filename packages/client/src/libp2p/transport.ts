import { DbClusterError, isDbClusterError, type Operation, type OperationName } from '@dbcluster/protocol'
import { Closing } from '../closing.js'
import { type Deadline, pause, startDeadline } from '../deadline.js'
import { isWrite } from '../operations.js'
import { ATTEMPTS_MAX, backoffMs, worthAnotherAttempt } from '../retry.js'
import type { OperationOf, Transport, TransportAnswer, TransportCallOptions, TransportStatus } from '../transport.js'
import { checkTexts } from './check-texts.js'
import { exchange } from './exchange.js'
import { Locator } from './locator.js'
import type { NodeNetwork } from './node-network.js'
import { Placements } from './placements.js'
import { isForLeader, Router } from './router.js'

/** Settings after defaults. */
export interface NodeTransportConfig {
  /** For messages: where it looks for nodes. */
  readonly bootstrapPeers: readonly string[]
  readonly connectTimeoutMs: number
  /** For the jitter of retries. */
  readonly random: () => number
}

/** Speaks to the nodes themselves: goes to the leader's node where it is known, and to another one when one fails. */
export class NodeTransport implements Transport {
  readonly #network: NodeNetwork
  readonly #config: NodeTransportConfig
  readonly #placements = new Placements()
  readonly #router: Router
  readonly #locator: Locator
  readonly #closing = new Closing()
  #starting: Promise<void> | undefined
  #started = false

  constructor(network: NodeNetwork, config: NodeTransportConfig) {
    this.#network = network
    this.#config = config
    this.#router = new Router(this.#placements, () => network.connectedPeers())
    this.#locator = new Locator(network, this.#placements, this.#closing)
  }

  async connect(): Promise<void> {
    const deadline = startDeadline({ timeoutMs: this.#config.connectTimeoutMs, closing: this.#closing })
    try {
      await this.#start()
      await this.#anyPeer(deadline)
      if (this.#network.connectedPeers().length === 0) throw this.#nobody(deadline)
    } finally {
      deadline.release()
    }
  }

  status(): TransportStatus {
    if (this.#closing.closed) return { ready: false, reason: 'the client is closed' }
    if (!this.#started) return { ready: false, reason: 'not connected yet' }
    if (this.#network.connectedPeers().length > 0) return { ready: true }
    const { bootstrapPeers } = this.#config
    const where =
      bootstrapPeers.length === 0 ? 'there are no bootstrap peers' : `looking at ${bootstrapPeers.join(', ')}`
    return { ready: false, reason: `connected to no node; ${where}` }
  }

  async close(): Promise<void> {
    if (this.#closing.closed) return
    this.#closing.close()
    await this.#starting?.catch(() => undefined)
    if (this.#started) await this.#network.stop()
  }

  async call<O extends OperationName>(
    operation: OperationOf<O>,
    options: TransportCallOptions,
  ): Promise<TransportAnswer<O>> {
    checkTexts(operation)
    const deadline = startDeadline({ ...options, closing: this.#closing })
    try {
      if (deadline.signal.aborted) throw deadline.error(operation.op, false)
      await this.#start()
      return await this.#attempts(operation, options, deadline)
    } finally {
      deadline.release()
    }
  }

  async #attempts<O extends OperationName>(
    operation: OperationOf<O>,
    options: TransportCallOptions,
    deadline: Deadline,
  ): Promise<TransportAnswer<O>> {
    const key = placementKey(operation, options.credential)
    const failed = new Set<string>()
    for (let attempt = 1; ; attempt++) {
      if (this.#network.connectedPeers().length === 0) await this.#anyPeer(deadline)
      const peerId = this.#router.choose(operation, key, failed)
      if (peerId === undefined) throw this.#nobody(deadline)
      if (deadline.signal.aborted) throw deadline.error(operation.op, false)
      try {
        const answer = await exchange<O>(this.#network, peerId, operation, { ...options, deadline })
        this.#learn(operation, key, { servedBy: answer.meta.servedBy, credential: options.credential })
        return { result: answer.result, meta: { ...answer.meta, attempts: (answer.meta.attempts ?? 1) + attempt - 1 } }
      } catch (error) {
        if (!isDbClusterError(error) || !worthAnotherAttempt(error.code, isWrite(operation.op))) throw error
        if (key !== undefined) this.#placements.drop(key)
        if (attempt >= ATTEMPTS_MAX) throw error
        // Another node is asked at once; only when all have failed it is time that may help.
        const fresh =
          !failed.has(peerId) && this.#network.connectedPeers().some((peer) => peer !== peerId && !failed.has(peer))
        failed.add(peerId)
        const waitMs = fresh ? 0 : backoffMs(attempt, this.#config.random)
        if (waitMs >= deadline.remainingMs()) throw error
        if (waitMs > 0) await pause(waitMs, deadline.signal)
        if (deadline.signal.aborted) throw deadline.error(operation.op, false)
      }
    }
  }

  #learn(
    operation: Operation,
    key: string | undefined,
    { servedBy, credential }: { readonly servedBy: string; readonly credential: string | undefined },
  ): void {
    if (key === undefined || !('database' in operation)) return
    if (operation.op === 'delete') return this.#placements.drop(key)
    if (isForLeader(operation)) this.#placements.ledBy(key, servedBy)
    if (this.#placements.get(key) === undefined) this.#locator.locate(key, operation.database, credential)
  }

  #start(): Promise<void> {
    this.#starting ??= this.#network.start().then(
      () => {
        this.#started = true
      },
      (error: unknown) => {
        this.#starting = undefined
        throw error
      },
    )
    return this.#starting
  }

  /** Until a node is connected, or the deadline. */
  #anyPeer(deadline: Deadline): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        unsubscribe()
        deadline.signal.removeEventListener('abort', done)
        resolve()
      }
      const unsubscribe = this.#network.onPeerConnected(done)
      deadline.signal.addEventListener('abort', done, { once: true })
      if (deadline.signal.aborted || this.#network.connectedPeers().length > 0) done()
    })
  }

  #nobody(deadline: Deadline): DbClusterError {
    const error = deadline.error('connect', false)
    if (error.code === 'CANCELLED') return error
    const peers = this.#config.bootstrapPeers
    return new DbClusterError(
      'NODE_UNREACHABLE',
      `connected to none of ${peers.length} bootstrap peers: ${peers.join(', ')}`,
      {
        hint: 'check that a node runs there, that peer id and address are right, and that the network key is the same',
      },
    )
  }
}

/** Which app a name belongs to is the credential's to say, so placements are kept by both. */
const placementKey = (operation: Operation, credential = ''): string | undefined =>
  'database' in operation ? `${credential}\n${operation.database}` : undefined
