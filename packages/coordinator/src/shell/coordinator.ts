import {
  createNodeMessageChecker,
  type DatabaseRecord,
  DbClusterError,
  decodeMessage,
  type KeyGrant,
  type KeyRecord,
  METADATA_TOPIC,
  type MetadataRecord,
  NODE_PROTOCOL,
  type NodeMessage,
  type NodeRecord,
  type Roster,
} from '@dbcluster/protocol'
import { type CoordinatorInit, resolveConfig } from '../core/config.js'
import { CoordinatorCore } from '../core/core.js'
import type { AskResult, CoordinatorEvent } from '../core/events.js'
import type { OperatorRequest, OperatorResult } from '../core/repair/repair-events.js'
import type { CoordinatorComponents } from './components.js'
import { EffectPerformer } from './effects.js'
import { KeyAsks, keysNotAdmitted } from './key-asks.js'
import { readMemory } from './memory.js'

/** A database that can be used, and whether this call brought it about. */
export interface EnsuredDatabase {
  readonly record: DatabaseRecord
  readonly created: boolean
}

/** Decides with the other nodes where databases live, and sees to it here. */
export interface Coordinator {
  /** @throws DbClusterError `STORE_CORRUPT` when what was remembered cannot be read */
  start(options: { readonly founder: boolean }): Promise<void>
  /** What `describeSelf` gives has changed. */
  refreshSelf(): void
  /** From now on nothing new is placed here; running creations go on. */
  stopOffering(): void
  /** Performs what is under way, then stops listening. Replicas are the host's to stop. */
  stop(): Promise<void>
  /**
   * The database of this internal name, created if there is none.
   * @throws DbClusterError `INSUFFICIENT_NODES`, `CREATION_FAILED`, `NOT_ADMITTED`, `OVERLOADED`
   */
  ensure(name: string): Promise<EnsuredDatabase>
  /** Ends a database for good. @throws DbClusterError `DATABASE_NOT_FOUND`, `TIMEOUT` when no majority answered */
  remove(name: string): Promise<void>
  /**
   * Sends a database of which this node holds a replica to sleep; resolves when all its replicas are stopped.
   * @throws DbClusterError `CONFLICT` while queries are under way, `DATABASE_NOT_FOUND`, `TIMEOUT`
   */
  hibernate(name: string): Promise<void>
  /**
   * Wakes a database of which this node holds a replica; resolves when it serves. One that is awake is no error.
   * @throws DbClusterError `DATABASE_NOT_FOUND`, `DATABASE_WAKING` when it took too long
   */
  wake(name: string): Promise<void>
  /** Does what an operator asks of this node. @throws DbClusterError what stood against it */
  operate(request: OperatorRequest): Promise<Readonly<Record<string, unknown>>>
  /** A usable database: established and not deleted. */
  database(name: string): DatabaseRecord | undefined
  /** Whatever is known of this name, creations and tombstones included. */
  record(name: string): DatabaseRecord | undefined
  /** Usable databases whose internal name begins with `prefix`, sorted. */
  databases(prefix: string): readonly DatabaseRecord[]
  nodes(): readonly NodeRecord[]
  /** What is known of an API key, revoked ones included. */
  key(id: string): KeyRecord | undefined
  /** All API keys, sorted by id. */
  keys(): readonly KeyRecord[]
  /**
   * Writes an API key, or ends it where no grant is given, and resolves with what is known of it then: an id that was
   * there keeps its grant, one that was revoked stays so. It is on disk here and on its way to all nodes.
   * @throws DbClusterError `NOT_ADMITTED`, `STORE_CORRUPT`, `SHUTTING_DOWN`
   */
  putKey(id: string, grant: KeyGrant | undefined): Promise<KeyRecord>
  readonly roster: Roster | undefined
  readonly admitted: boolean
  onRecordChanged(listener: (record: MetadataRecord) => void): () => void
  onRosterChanged(listener: (roster: Roster) => void): () => void
}

/** Makes the coordinator of one node. */
export const createCoordinator =
  (init: CoordinatorInit) =>
  (components: CoordinatorComponents): Coordinator =>
    new CoordinatorShell(init, components)

/** The shell: turns what happens into events, and effects into deeds. It decides nothing. */
class CoordinatorShell implements Coordinator {
  readonly #init: CoordinatorInit
  readonly #components: CoordinatorComponents
  readonly #performer: EffectPerformer
  readonly #asks = new Map<string, (result: AskResult) => void>()
  readonly #keyAsks = new KeyAsks()
  readonly #operatorAsks = new Map<string, (result: OperatorResult) => void>()
  readonly #recordListeners = new Set<(record: MetadataRecord) => void>()
  readonly #rosterListeners = new Set<(roster: Roster) => void>()
  readonly #checker = createNodeMessageChecker()
  #core: CoordinatorCore | undefined
  #unsubscribe: (() => void)[] = []
  #cancelTimer: () => void = () => {}
  #askCount = 0

  constructor(init: CoordinatorInit, components: CoordinatorComponents) {
    this.#init = init
    this.#components = components
    this.#performer = new EffectPerformer(components, {
      dispatch: (event) => this.#dispatch(event),
      answer: ({ askId, result }) => this.#asks.get(askId)?.(result),
      answerKey: ({ askId, record }) => this.#keyAsks.answer(askId, record),
      answerOperator: ({ askId, result }) => this.#operatorAsks.get(askId)?.(result),
      observe: (effect) => {
        if (effect.type === 'recordChanged') for (const listener of this.#recordListeners) listener(effect.record)
        else for (const listener of this.#rosterListeners) listener(effect.roster)
      },
      storeFailed: (error) => this.#onStoreFailed(error),
    })
  }

  async start({ founder }: { readonly founder: boolean }): Promise<void> {
    const { store, messenger, incarnation, describeSelf } = this.#components
    const memory = await readMemory(store)
    const self = { peerId: messenger.peerId, incarnation }
    this.#core = new CoordinatorCore({ config: resolveConfig(this.#init), self, memory })
    const receive = (message: { readonly from: string; readonly payload: Uint8Array }): void => this.#receive(message)
    this.#unsubscribe = [
      messenger.handleMessages(NODE_PROTOCOL, receive),
      messenger.subscribe(METADATA_TOPIC, receive),
      messenger.onPeerConnected((peerId) => this.#dispatch({ type: 'peerConnected', peerId })),
      this.#components.gates.onHeld((name) => this.#dispatch({ type: 'queryHeld', name })),
      messenger.onPeerDisconnected((peerId) => this.#dispatch({ type: 'peerDisconnected', peerId })),
      messenger.onHealthChanged((peerId, { state }) => {
        // "Suspect" is no conclusion: it only says that nothing is certain.
        if (state !== 'suspect') this.#dispatch({ type: 'peerChecked', peerId, healthy: state === 'healthy' })
      }),
    ]
    this.#dispatch({ type: 'started', founder: founder && memory.roster === undefined, info: describeSelf() })
    for (const peerId of messenger.connectedPeers()) this.#dispatch({ type: 'peerConnected', peerId })
  }

  refreshSelf(): void {
    this.#dispatch({ type: 'selfChanged', info: this.#components.describeSelf() })
  }

  stopOffering(): void {
    this.#dispatch({ type: 'stopRequested' })
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#unsubscribe = []
    this.#cancelTimer()
    await this.#performer.close()
    const error = new DbClusterError('SHUTTING_DOWN', 'this node is stopping', { hint: 'ask another node' })
    for (const answer of this.#asks.values()) answer({ ok: false, error })
    this.#keyAsks.fail(error)
    for (const answer of this.#operatorAsks.values()) answer({ ok: false, error })
    this.#core = undefined
  }

  async ensure(name: string): Promise<EnsuredDatabase> {
    const record = this.database(name)
    if (record !== undefined) return { record, created: false }
    const result = await this.#ask((askId) => ({ type: 'ensureAsked', askId, name }))
    if (!result.ok) throw result.error
    return { record: result.record, created: result.created }
  }

  async remove(name: string): Promise<void> {
    const result = await this.#ask((askId) => ({ type: 'deleteAsked', askId, name }))
    if (!result.ok) throw result.error
  }

  async hibernate(name: string): Promise<void> {
    const result = await this.#ask((askId) => ({ type: 'hibernateAsked', askId, name }))
    if (!result.ok) throw result.error
  }

  async wake(name: string): Promise<void> {
    const result = await this.#ask((askId) => ({ type: 'wakeAsked', askId, name }))
    if (!result.ok) throw result.error
  }

  async operate(request: OperatorRequest): Promise<Readonly<Record<string, unknown>>> {
    this.#askCount += 1
    const askId = `${this.#components.incarnation}-${this.#askCount}`
    const result = await new Promise<OperatorResult>((resolve) => {
      this.#operatorAsks.set(askId, resolve)
      this.#dispatch({ type: 'operatorAsked', askId, request })
    }).finally(() => this.#operatorAsks.delete(askId))
    if (!result.ok) throw result.error
    return result.details
  }

  database(name: string): DatabaseRecord | undefined {
    const record = this.record(name)
    return record?.established === true && !record.deleted ? record : undefined
  }

  record(name: string): DatabaseRecord | undefined {
    return this.#core?.table.database(name)
  }

  databases(prefix: string): readonly DatabaseRecord[] {
    return (this.#core?.table.databases(prefix) ?? []).filter((record) => record.established && !record.deleted)
  }

  nodes(): readonly NodeRecord[] {
    return this.#core?.table.nodes() ?? []
  }

  key(id: string): KeyRecord | undefined {
    return this.#core?.table.key(id)
  }

  keys(): readonly KeyRecord[] {
    return this.#core?.table.keys() ?? []
  }

  async putKey(id: string, grant: KeyGrant | undefined): Promise<KeyRecord> {
    if (!this.admitted) throw keysNotAdmitted()
    const asked = grant === undefined ? { id } : { id, grant }
    return this.#keyAsks.begin((askId) => this.#dispatch({ type: 'keyAsked', askId, ...asked }))
  }

  get roster(): Roster | undefined {
    return this.#core?.roster
  }

  get admitted(): boolean {
    return this.#core?.admitted ?? false
  }

  onRecordChanged(listener: (record: MetadataRecord) => void): () => void {
    this.#recordListeners.add(listener)
    return () => void this.#recordListeners.delete(listener)
  }

  onRosterChanged(listener: (roster: Roster) => void): () => void {
    this.#rosterListeners.add(listener)
    return () => void this.#rosterListeners.delete(listener)
  }

  #ask(event: (askId: string) => CoordinatorEvent): Promise<AskResult> {
    this.#askCount += 1
    const askId = `${this.#components.incarnation}-${this.#askCount}`
    return new Promise<AskResult>((resolve) => {
      this.#asks.set(askId, resolve)
      this.#dispatch(event(askId))
    }).finally(() => this.#asks.delete(askId))
  }

  #receive({ from, payload }: { readonly from: string; readonly payload: Uint8Array }): void {
    let message: NodeMessage
    try {
      message = this.#checker.check(decodeMessage(payload))
    } catch (error) {
      return this.#components.logger.warn('A message was dropped', {
        from,
        bytes: payload.length,
        error: String(error),
      })
    }
    this.#dispatch({ type: 'messageReceived', from, message })
  }

  #dispatch(event: CoordinatorEvent): void {
    const core = this.#core
    if (core === undefined) return
    const { clock, randomHex } = this.#components
    this.#performer.perform(core.step(event, { nowMs: clock.nowMs(), entropy: randomHex(16) }))
    this.#cancelTimer()
    const delayMs = Math.max(1, core.nextDeadlineMs() - clock.nowMs())
    if (Number.isFinite(delayMs)) this.#cancelTimer = clock.callAfter(delayMs, () => this.#dispatch({ type: 'ticked' }))
  }

  #onStoreFailed(error: unknown): void {
    this.#components.logger.error('The metadata store refused a write: this node stops deciding', {
      error: String(error),
    })
    const failure = new DbClusterError('STORE_CORRUPT', 'the metadata store of this node refused a write', {
      hint: 'check the disk under node.data_dir and restart the node',
      cause: error,
    })
    for (const answer of this.#asks.values()) answer({ ok: false, error: failure })
    this.#keyAsks.fail(failure)
    for (const answer of this.#operatorAsks.values()) answer({ ok: false, error: failure })
    this.#components.onStoreFailed?.(failure)
  }
}
