import { MetadataTable } from '@dbcluster/metadata'
import type { MetadataRecord, NodeInfo, NodeMessage, RosterMember } from '@dbcluster/protocol'
import { Asks, resultMessage } from './asks.js'
import type { CoordinatorConfig } from './config.js'
import { Voting } from './consensus/voting.js'
import { CoreContext } from './context.js'
import { Creations } from './creation/creation.js'
import { Deletions } from './creation/deletion.js'
import type { CoordinatorEffect, CoordinatorEvent, Memory } from './events.js'
import { createReceiver } from './handlers.js'
import { Hosting } from './hosting/hosting.js'
import { putKey } from './keys.js'
import { HostedLives } from './life/hosted-lives.js'
import { LifeCycle } from './life/life-cycle.js'
import { Newcomers } from './repair/newcomers.js'
import { Membership } from './roster/membership.js'
import { Sync } from './sync.js'
import { Upkeep } from './upkeep.js'

/** Who a core is, and what it remembers from before. */
export interface CoreInit {
  readonly config: CoordinatorConfig
  readonly self: RosterMember
  readonly memory: Memory
}

/** One step's input beside the event: the time, and 32 hex characters nobody can guess. */
export interface StepInput {
  readonly nowMs: number
  readonly entropy: string
}

/**
 * The coordinator of one node: deterministic, without I/O, clock, timers or randomness. One event in, effects out; the
 * same events at the same times give the same effects, which is what the simulation rests on.
 */
export class CoordinatorCore {
  readonly #context: CoreContext
  readonly #voting: Voting
  readonly #creations: Creations
  readonly #deletions: Deletions
  readonly #asks: Asks
  readonly #hosting: Hosting
  readonly #life: LifeCycle
  readonly #membership: Membership
  readonly #sync: Sync
  readonly #upkeep: Upkeep
  /** The parts that something may become due in, in the order in which they act. */
  readonly #timed: readonly { tick(): void; nextDeadlineMs(): number }[]
  readonly #receive: (from: string, message: NodeMessage) => void
  #info: NodeInfo | undefined
  #stopping = false

  constructor(init: CoreInit) {
    const table = new MetadataTable({ actor: `${init.self.peerId}/${init.self.incarnation}` })
    const context = new CoreContext({ config: init.config, self: init.self, table })
    table.merge(init.memory.records)
    for (const entry of init.memory.acceptors) context.learnAcceptor(entry)
    context.roster = init.memory.roster
    this.#context = context
    this.#voting = new Voting(context, () => [...this.#hosting.replicas.keys(), ...this.#upkeep.newcomers.names()])
    this.#sync = new Sync(context)
    this.#upkeep = new Upkeep(context, {
      voting: this.#voting,
      sync: this.#sync,
      hosting: () => this.#hosting,
      membership: () => this.#membership,
      fallsAsleep: (name) => this.#life.fallsAsleep(name),
      wake: (name) => this.#life.waking.onQueryHeld(name),
      onStranded: (name) => this.#life.waking.onStranded(name),
    })
    this.#hosting = new Hosting(context, init.memory.replicas, {
      leases: this.#voting.leases,
      resolve: (name) => this.#creations.resolve(name),
      synced: () => this.#sync.synced,
      newcomerStarted: (name, clusterId, error) => this.#upkeep.newcomers.onStarted(name, clusterId, error),
      life: () => this.#life,
    })
    this.#life = new LifeCycle(
      context,
      new HostedLives(context, this.#hosting, (name) => this.#upkeep.staysAwakeFor(name)),
    )
    this.#voting.draining = init.memory.draining === true
    this.#sync.onSynced = () => this.#onSynced()
    this.#asks = new Asks(context)
    this.#creations = new Creations(context, (asker, name, outcome) => {
      if (asker.peerId === context.self.peerId) this.#asks.onLocalResult(name, outcome)
      else context.send(asker.peerId, resultMessage(asker, name, outcome))
    })
    this.#deletions = new Deletions(context)
    this.#membership = new Membership(context, init.memory.rosterVote)
    const { leases } = this.#voting
    this.#timed = [
      this.#membership,
      this.#creations,
      this.#asks,
      this.#deletions,
      this.#hosting.abandonment,
      this.#life,
      leases,
      this.#sync,
      ...this.#upkeep.timed,
    ]
    context.onRecordChanged = (record) => this.#onRecordChanged(record)
    context.onRosterChanged = () => {
      this.#creations.onRoster()
      this.#upkeep.health.onRoster()
      this.#upkeep.operating.onChange()
      if (this.#sync.synced) this.#onSynced()
      // Whoever was met before it belonged here is compared with now.
      for (const peerId of [...context.connected].sort()) if (context.isMember(peerId)) this.#sync.greet(peerId)
    }
    this.#receive = createReceiver({
      context,
      voting: this.#voting,
      creations: this.#creations,
      deletions: this.#deletions,
      asks: this.#asks,
      membership: this.#membership,
      sync: this.#sync,
      upkeep: this.#upkeep,
      life: this.#life,
    })
  }

  /** What this node knows. Read only. */
  get table(): MetadataTable {
    return this.#context.table
  }

  get roster(): CoreContext['roster'] {
    return this.#context.roster
  }

  get admitted(): boolean {
    return this.#context.admitted
  }

  /** Whether a majority misses this node, the one that is asked among them. */
  isDead(peerId: string): boolean {
    return this.#upkeep.health.isDead(peerId)
  }

  /** When a `ticked` event is next due, `Infinity` for never. */
  nextDeadlineMs(): number {
    return Math.min(...this.#timed.map((part) => part.nextDeadlineMs()))
  }

  step(event: CoordinatorEvent, input: StepInput): readonly CoordinatorEffect[] {
    this.#context.beginStep(input)
    this.#apply(event)
    this.#describeSelf()
    return this.#context.takeEffects()
  }

  #apply(event: CoordinatorEvent): void {
    switch (event.type) {
      case 'started':
        this.#info = event.info
        if (event.founder) this.#membership.found()
        this.#upkeep.health.onRoster()
        this.#context.emit({ type: 'findReplicas' })
        return this.#hosting.resume()
      case 'ticked':
        for (const part of this.#timed) part.tick()
        return
      case 'peerConnected':
        return this.#onConnected(event.peerId)
      case 'peerDisconnected':
        this.#context.connected.delete(event.peerId)
        return this.#upkeep.health.onDisconnected(event.peerId)
      case 'messageReceived':
        return this.#receive(event.from, event.message)
      case 'ensureAsked':
        return this.#asks.ensure(event.askId, event.name)
      case 'deleteAsked':
        return this.#deletions.ask(event.askId, event.name)
      case 'keyAsked':
        return putKey(this.#context, event)
      case 'portsLeased':
        if (Newcomers.owns(event.leaseKey)) return this.#upkeep.newcomers.onPortsLeased(event.leaseKey, event.offer)
        return this.#voting.onPortsLeased(event.leaseKey, event.offer)
      case 'portsRefused':
        if (Newcomers.owns(event.leaseKey)) return this.#upkeep.newcomers.onPortsRefused(event.leaseKey, event.reason)
        return this.#voting.onPortsRefused(event.leaseKey, event.reason)
      case 'replicaReady':
        return this.#hosting.onReady(event.name, event.clusterId, event.recovery)
      case 'replicaGathered':
        return this.#hosting.onGathered(event.name, event.clusterId, event.voters)
      case 'replicaFailed':
        return this.#hosting.onFailed(event.name, event.clusterId, event.error)
      case 'replicaWarmed':
        return this.#hosting.onReady(event.name, event.clusterId)
      case 'replicaRemoved':
        return this.#hosting.onRemoved(event.name, event.clusterId)
      case 'idleChecked':
        return this.#life.hibernation.onIdleChecked(event)
      case 'queryHeld':
        return this.#life.waking.onQueryHeld(event.name)
      case 'queriesHeld':
        return this.#life.hibernation.onQueriesHeld(event)
      case 'replicaSlept':
        return this.#life.hibernation.onSlept(event)
      case 'wakePortsLeased':
        return this.#life.course.onPortsLeased(event)
      case 'wakePortsRefused':
        return this.#life.course.onPortsRefused(event)
      case 'hibernateAsked':
        return this.#life.asks.ask(event.askId, event.name, 'asleep')
      case 'wakeAsked':
        return this.#life.asks.ask(event.askId, event.name, 'awake')
      case 'selfChanged':
        this.#info = event.info
        return
      case 'replicaLost':
        return this.#hosting.onLost(event.name, event.clusterId, event.reason)
      case 'peerChecked':
      case 'raftSeen':
      case 'replicaDialled':
      case 'voterRemoved':
      case 'replicaSurveyed':
      case 'replicasFound':
      case 'operatorAsked':
        return this.#upkeep.apply(event)
      case 'stopRequested':
        this.#stopping = true
        return this.#voting.stopOffering()
    }
  }

  /** Applications and gateways connect too: only nodes are greeted, or anybody while we look for our network. */
  #onConnected(peerId: string): void {
    this.#context.connected.add(peerId)
    this.#upkeep.health.onConnected(peerId)
    const isMember = this.#context.isMember(peerId)
    if (isMember || !this.#context.admitted) this.#membership.greet(peerId)
    if (isMember) this.#sync.greet(peerId)
  }

  /** What the store says of directories here may be acted upon. */
  #onSynced(): void {
    this.#hosting.onSynced()
    this.#upkeep.orphans.onSynced()
  }

  #onRecordChanged(record: MetadataRecord): void {
    if (record.kind !== 'database') return
    this.#hosting.onRecord(record)
    this.#life.onRecord(record)
    this.#voting.onRecord(record)
    this.#creations.onRecord(record)
    this.#asks.onRecord(record)
    this.#upkeep.operating.onChange()
  }

  /** This node's own record follows what it hosts. */
  #describeSelf(): void {
    if (this.#info === undefined || !this.#context.admitted) return
    const { draining } = this.#voting
    const record = this.#context.table.putNodeInfo({
      ...this.#info,
      databases: this.#hosting.replicas.size,
      ...(draining ? { draining } : {}),
      ...(this.#stopping ? { stopping: true } : {}),
    })
    // What is about to be replaced, or not, hangs on these two.
    const directly = draining || this.#stopping ? this.#context.liveMembers() : []
    if (record !== undefined) this.#context.keep([record], { directly })
  }
}
