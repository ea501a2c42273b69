import type {
  NodeInfo,
  NodeMessage,
  NodeMessageOf,
  NodeMessageType,
  RaftPosition,
  Roster,
  StopRecord,
} from '@dbcluster/protocol'
import { type CoordinatorInit, resolveConfig } from '../../src/core/config.js'
import { CoordinatorCore } from '../../src/core/core.js'
import type { AskResult, CoordinatorEffect, CoordinatorEvent, LocalReplica, Memory } from '../../src/core/events.js'
import type { LocalRaft } from './local-raft.js'

export const INFO: NodeInfo = {
  multiaddrs: [],
  maxDatabases: 100,
  databases: 0,
  rqliteVersion: '8.26.7',
  rqliteMajor: 8,
  version: '0.1.0',
}

export interface Letter {
  readonly from: string
  readonly to: string
  readonly message: NodeMessage
}

/** One core and everything it asked its shell for. */
export class LocalNode {
  readonly effects: CoordinatorEffect[] = []
  readonly answers = new Map<string, AskResult>()
  readonly leases = new Set<string>()
  readonly core: CoordinatorCore
  /** The gate in front of its only replica. */
  readonly gate = { inFlight: 0, idleMs: 0, closed: false }
  /** Where its rqlited says it stands. */
  raft: RaftPosition = { lastIndex: 9, lastTerm: 2, commitIndex: 9, appliedIndex: 9, isLeader: false, voters: [] }
  /** Its old ports can't be had. */
  portsTaken = false
  /** What a planned stop left; none unless set. */
  stopRecord: (clusterId: string, run: number) => StopRecord | undefined = () => undefined
  /** Refuses ports. */
  exhausted = false
  /** What rqlited does when it is started: gather, fail, or nothing at all. */
  rqlited: 'works' | 'fails' | 'hangs'
  readonly peerId: string
  readonly #cluster: LocalCluster

  constructor(cluster: LocalCluster, peerId: string, memory: Memory, config: Partial<CoordinatorInit>) {
    this.#cluster = cluster
    this.rqlited = cluster.rqlited
    this.peerId = peerId
    const self = memberOf(peerId)
    this.core = new CoordinatorCore({ config: resolveConfig({ rqliteMajor: 8, ...config }), self, memory })
  }

  dispatch(event: CoordinatorEvent): readonly CoordinatorEffect[] {
    const effects = this.core.step(event, { nowMs: this.#cluster.nowMs, entropy: this.#cluster.nextEntropy() })
    this.effects.push(...effects)
    for (const effect of effects) this.#perform(effect)
    return effects
  }

  /** Every effect of one type so far. */
  all<T extends CoordinatorEffect['type']>(type: T): Extract<CoordinatorEffect, { type: T }>[] {
    return this.effects.filter((effect): effect is Extract<CoordinatorEffect, { type: T }> => effect.type === type)
  }

  #perform(effect: CoordinatorEffect): void {
    const later = (event: CoordinatorEvent): void => this.#cluster.later(() => void this.dispatch(event))
    switch (effect.type) {
      case 'send':
        return this.#cluster.post({ from: this.peerId, to: effect.to, message: effect.message })
      case 'answer':
        return void this.answers.set(effect.askId, effect.result)
      case 'leasePorts': {
        const { leaseKey } = effect
        if (this.exhausted) return later({ type: 'portsRefused', leaseKey, reason: 'no_ports' })
        this.leases.add(leaseKey)
        this.#cluster.lastPort += 1
        const port = this.#cluster.lastPort
        return later({ type: 'portsLeased', leaseKey, offer: { host: 'h', httpPort: port, raftPort: port + 2_000 } })
      }
      case 'confirmPorts':
      case 'releasePorts':
        return void this.leases.delete(effect.leaseKey)
      case 'startReplica': {
        const about = { name: effect.name, clusterId: effect.decree.clusterId }
        const { raft } = this.#cluster
        if (raft !== undefined && effect.start.kind === 'warm') {
          if (this.rqlited !== 'works') return
          raft.history.push(`warm ${this.peerId}`)
          return later({ type: 'replicaWarmed', ...about })
        }
        if (effect.start.kind === 'recover' && this.rqlited === 'works') raft?.recover(effect.assignment.raftId)
        const comesBack = effect.start.kind === 'restart' || effect.start.kind === 'rejoin'
        if (!comesBack && this.rqlited === 'works') this.#cluster.recoveries.set(this.peerId, effect.recovery ?? 0)
        if (raft !== undefined && effect.start.kind === 'join' && this.rqlited === 'works') raft.join(effect.assignment)
        if (this.rqlited === 'hangs') return
        if (this.rqlited === 'fails') return later({ type: 'replicaFailed', ...about, error: 'rqlited: no luck' })
        if (effect.gather === undefined)
          return later({ type: 'replicaReady', ...about, recovery: this.#cluster.recoveries.get(this.peerId) ?? 0 })
        const all = effect.decree.replicas.every(({ peerId }) => this.#cluster.nodes.get(peerId)?.rqlited === 'works')
        if (!all) return later({ type: 'replicaGathered', ...about, voters: 1 })
        return later({ type: 'replicaGathered', ...about, voters: effect.gather })
      }
      case 'checkIdle':
        return later({ type: 'idleChecked', name: effect.name, inFlight: this.gate.inFlight, idleMs: this.gate.idleMs })
      case 'holdQueries': {
        const { name, clusterId, run, attempt, idleForMs } = effect
        const held = this.gate.inFlight === 0 && (this.gate.closed || this.gate.idleMs >= idleForMs)
        if (held) this.gate.closed = true
        const about = { type: 'queriesHeld', name, clusterId, run, attempt } as const
        return later(held ? { ...about, held, raft: this.raft } : { ...about, held })
      }
      case 'closeGate':
        this.gate.closed = true
        return
      case 'openGate':
        this.gate.closed = false
        return
      case 'sleepReplica': {
        const { name, clusterId, run } = effect
        if (this.rqlited === 'hangs') return
        const { lastIndex, lastTerm } = this.raft
        const voters = this.raft.voters.map((id) => ({ id, address: `h:${id}` }))
        return later({
          type: 'replicaSlept',
          ...{ name, clusterId, run },
          record: { clusterId, run, lastIndex, lastTerm, voters },
        })
      }
      case 'leaseWakePorts': {
        const { name, clusterId, run, preferred } = effect
        const offer = this.portsTaken ? { ...preferred, raftPort: preferred.raftPort + 1_000 } : preferred
        const stopRecord = this.stopRecord(clusterId, run - 1)
        return later({
          type: 'wakePortsLeased',
          name,
          clusterId,
          run,
          offer,
          ...(stopRecord === undefined ? {} : { stopRecord }),
        })
      }
      case 'removeReplica':
        return later({ type: 'replicaRemoved', name: effect.name, clusterId: effect.clusterId })
      default: {
        const event = this.#cluster.raft?.perform(this.peerId, effect)
        if (event !== undefined) later(event)
      }
    }
  }
}

export const memberOf = (peerId: string): Roster['members'][number] => ({
  peerId,
  incarnation: `${peerId.toLowerCase().replaceAll(/[^0-9a-f]/g, '0')}0000000000000000`.slice(0, 16),
})

export const rosterOf = (peerIds: readonly string[], epoch = 1): Roster => ({
  networkId: '0'.repeat(32),
  epoch,
  members: peerIds.map(memberOf),
})

export const EMPTY_MEMORY: Memory = { acceptors: [], records: [], replicas: [] as readonly LocalReplica[] }

/** Cores that speak to each other at once and in order, with a hand on every letter. */
export class LocalCluster {
  nowMs = 1_000
  /** HTTP port that was leased last, anywhere: all nodes are on one host. */
  lastPort = 5_000
  /** What rqlited does on nodes that are added from now on. */
  rqlited: LocalNode['rqlited'] = 'works'
  readonly nodes = new Map<string, LocalNode>()
  /** Which recovery the directories of each node are of. */
  readonly recoveries = new Map<string, number>()
  /** The Raft of the one database there is, where a test is about its members. */
  raft: LocalRaft | undefined
  /** Letters for which this says so are kept back in {@link held}. */
  hold: (letter: Letter) => boolean = () => false
  readonly held: Letter[] = []
  readonly #queue: (() => void)[] = []
  #entropy = 0

  /** Nodes that are acceptors of one roster already, and see each other. */
  static of(peerIds: readonly string[], config: Partial<CoordinatorInit> = {}): LocalCluster {
    const cluster = new LocalCluster()
    for (const peerId of peerIds) cluster.add(peerId, { ...EMPTY_MEMORY, roster: rosterOf(peerIds) }, config)
    cluster.run()
    return cluster
  }

  add(peerId: string, memory: Memory, config: Partial<CoordinatorInit> = {}): LocalNode {
    const node = new LocalNode(this, peerId, memory, config)
    this.nodes.set(peerId, node)
    node.dispatch({ type: 'started', founder: false, info: INFO })
    for (const other of this.nodes.values()) {
      if (other === node) continue
      node.dispatch({ type: 'peerConnected', peerId: other.peerId })
      other.dispatch({ type: 'peerConnected', peerId })
    }
    return node
  }

  node(peerId: string): LocalNode {
    const node = this.nodes.get(peerId)
    if (node === undefined) throw new RangeError(`there is no ${peerId}`)
    return node
  }

  /** A node vanishes, and the others notice. */
  drop(peerId: string): void {
    this.nodes.delete(peerId)
    for (const other of this.nodes.values()) other.dispatch({ type: 'peerDisconnected', peerId })
  }

  post(letter: Letter): void {
    if (this.hold(letter)) return void this.held.push(letter)
    this.later(() => this.deliver(letter))
  }

  deliver({ from, to, message }: Letter): void {
    this.nodes.get(to)?.dispatch({ type: 'messageReceived', from, message })
  }

  later(run: () => void): void {
    this.#queue.push(run)
  }

  /** Until nobody has anything to say. */
  run(): void {
    for (let run = this.#queue.shift(); run !== undefined; run = this.#queue.shift()) run()
  }

  /** Time passes in steps of a tenth of a second, with every tick that falls due. */
  pass(durationMs: number): void {
    const untilMs = this.nowMs + durationMs
    while (this.nowMs < untilMs) {
      this.nowMs += 100
      for (const node of this.nodes.values())
        if (node.core.nextDeadlineMs() <= this.nowMs) node.dispatch({ type: 'ticked' })
      this.run()
    }
  }

  ensure(peerId: string, name: string, askId = 'ask-1'): AskResult | undefined {
    this.node(peerId).dispatch({ type: 'ensureAsked', askId, name })
    this.run()
    return this.node(peerId).answers.get(askId)
  }

  nextEntropy(): string {
    this.#entropy += 1
    return this.#entropy.toString(16).padStart(24, '0').padEnd(32, '0')
  }
}

/** Letters of one kind. */
export const isA =
  <T extends NodeMessageType>(type: T, to?: string) =>
  (letter: Letter): letter is Letter & { readonly message: NodeMessageOf<T> } =>
    letter.message.type === type && (to === undefined || letter.to === to)
