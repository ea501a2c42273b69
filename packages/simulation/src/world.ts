import { type CoordinatorInit, resolveConfig } from '@dbcluster/coordinator'
import type { NodeMessage } from '@dbcluster/protocol'
import { HealthChecks } from './health-checks.js'
import { Machine } from './model/machine.js'
import { RaftFabric } from './model/raft/raft-fabric.js'
import { Monitor } from './monitor.js'
import { Network } from './network.js'
import { Plan } from './plan.js'
import { Random } from './random.js'
import { NO_SABOTAGE, type Sabotage } from './sabotage.js'
import { Schedule } from './schedule.js'
import { SimNode } from './sim-node.js'

/** What a world is made of. */
export interface WorldInit {
  readonly seed: number
  /** Nodes there are, running or not; the first founds the network. */
  readonly nodes: number
  /** Pairs of ports per node. @default 20 */
  readonly ports?: number
  readonly config?: Partial<CoordinatorInit>
  /** Decides which parts of the scenario take place. @default all do */
  readonly plan?: Plan
  /** A fault planted in every node. @default none */
  readonly sabotage?: Sabotage
  /** Whether a message has the shape that the wire demands. @default everything has */
  readonly isWellFormed?: (message: NodeMessage) => boolean
}

/** Shorter than the defaults: proposers get into each other's way more often. */
const IMPATIENT = { successorAfterMs: 1_500, gatherMs: 4_000 } as const

/** A cluster in one process: nodes, machines, the network between them, and what watches them. */
export class World {
  readonly schedule = new Schedule()
  readonly plan: Plan
  readonly sabotage: Sabotage
  readonly random: Random
  readonly network: Network
  /** Every rqlited that runs, and every cluster that there ever was. */
  readonly fabric: RaftFabric
  readonly monitor: Monitor
  readonly nodes: readonly SimNode[]

  constructor(init: WorldInit) {
    this.plan = init.plan ?? new Plan()
    this.sabotage = init.sabotage ?? NO_SABOTAGE
    this.random = new Random(init.seed)
    this.network = new Network(this.schedule, this.random)
    this.monitor = new Monitor(this, init.isWellFormed ?? (() => true))
    const config = resolveConfig({ rqliteMajor: 8, ...IMPATIENT, ...init.config })
    this.fabric = new RaftFabric({
      schedule: this.schedule,
      random: this.random,
      isReachable: (peerId, other) => this.network.isReachable(peerId, other),
      onBroken: (invariant, message) => this.monitor.fail(invariant, message),
      onRecovered: (record, log) => this.monitor.onRecovered(record, log),
    })
    this.network.onChanged = () => this.fabric.changed()
    this.nodes = Array.from({ length: init.nodes }, (_, index) => {
      const peerId = `Node${String.fromCharCode(65 + index)}`
      const machine = new Machine({
        peerId,
        schedule: this.schedule,
        random: this.random,
        fabric: this.fabric,
        onBootstrap: (start) => this.monitor.bootstrapped(peerId, start),
        onSpawn: (start, directory) => this.monitor.spawned(peerId, start, directory),
        onSetAside: (name, directory) => this.monitor.setAside(peerId, name, directory),
      })
      const node = new SimNode({
        peerId,
        config,
        ports: init.ports ?? 20,
        founder: index === 0,
        schedule: this.schedule,
        random: this.random,
        network: this.network,
        machine,
        fabric: this.fabric,
        observer: this.monitor,
        sabotage: this.sabotage,
      })
      this.network.add(node)
      return node
    })
    new HealthChecks(this, config.healthCheckIntervalMs).start()
  }

  get nowMs(): number {
    return this.schedule.nowMs
  }

  node(index: number): SimNode {
    const node = this.nodes[index]
    if (node === undefined) throw new RangeError(`there is no node ${index}`)
    return node
  }

  /** The cluster of this name that somebody knows as established and alive, the newest generation of it. */
  clusterIdOf(name: string): string | undefined {
    const records = this.nodes.flatMap((node) => node.core?.table.database(name) ?? [])
    const usable = records.filter(({ established, deleted }) => established && !deleted)
    return usable.sort((a, b) => b.decree.generation - a.decree.generation)[0]?.decree.clusterId
  }

  working(): SimNode[] {
    return this.nodes.filter((node) => node.working)
  }

  /** Lets this much virtual time pass. */
  run(durationMs: number): void {
    const untilMs = this.schedule.nowMs + durationMs
    while (this.schedule.step(untilMs));
  }

  /** Lets time pass until something holds. @returns whether it came to hold within `limitMs` */
  runUntil(holds: () => boolean, limitMs: number): boolean {
    const untilMs = this.schedule.nowMs + limitMs
    while (!holds()) if (!this.schedule.step(untilMs)) return holds()
    return true
  }

  /** Starts the first `count` nodes and waits until all are admitted. */
  boot(count: number): void {
    for (const node of this.nodes.slice(0, count)) node.start()
    const admitted = (): boolean => this.nodes.slice(0, count).every((node) => node.core?.admitted === true)
    if (!this.runUntil(admitted, 60_000)) this.monitor.fail('liveness', `${count} nodes were not admitted within 60 s`)
  }
}
