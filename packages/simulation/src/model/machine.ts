import type { CoordinatorEffect } from '@dbcluster/coordinator'
import type { Random } from '../random.js'
import type { Schedule } from '../schedule.js'
import type { Cluster, Clusters } from './clusters.js'

/** How often a joining replica asks, and for how long, in milliseconds. */
const JOIN_EVERY_MS = 100
const JOIN_FOR_MS = 6_000
/** How often the voters are counted while a cluster gathers. */
const GATHER_EVERY_MS = 50

export type StartReplica = Extract<CoordinatorEffect, { type: 'startReplica' }>

/** What one replica's process may come to say. */
export interface ReplicaListener {
  ready(): void
  gathered(voters: number): void
  failed(error: string): void
}

interface Process {
  readonly clusterId: string
  readonly httpPort: number
  readonly gather: number | undefined
  state: 'starting' | 'joining' | 'up'
}

interface Directory {
  readonly clusterId: string
  /** Raft state is in it: it was bootstrapped, or joined. */
  state: boolean
}

/** How rqlited behaves on this machine; may change while it runs. */
export interface Temper {
  startMs: { low: number; high: number }
  /** Share of first starts that fail. */
  failure: number
}

interface MachineInit {
  readonly peerId: string
  readonly schedule: Schedule
  readonly random: Random
  readonly clusters: Clusters
  /** The process of this database on another machine answers us. */
  readonly reaches: (peerId: string, name: string, clusterId: string) => boolean
  readonly onBootstrap: (start: StartReplica) => void
}

/**
 * A machine's rqlited processes and data directories. Both outlive the node's process; nobody hears of what they do
 * while it is down. A much simplified rqlite: the first bootstraps, others join while it is up, voters are counted.
 */
export class Machine {
  readonly temper: Temper = { startMs: { low: 30, high: 150 }, failure: 0 }
  readonly #init: MachineInit
  readonly #processes = new Map<string, Process>()
  readonly #directories = new Map<string, Directory>()
  readonly #listeners = new Map<string, ReplicaListener>()

  constructor(init: MachineInit) {
    this.#init = init
  }

  start(request: StartReplica, listener: ReplicaListener): void {
    const { name, decree, start, gather, assignment } = request
    const { clusterId } = decree
    this.#listeners.set(name, listener)
    const adopted = this.#processes.get(name)
    if (adopted?.clusterId === clusterId) return void (adopted.state === 'up' && this.#announce(name, adopted, gather))
    const process: Process = { clusterId, httpPort: assignment.httpPort, gather, state: 'starting' }
    const { startMs, failure } = this.temper
    if (start.kind === 'restart' && this.#directories.get(name)?.clusterId !== clusterId) {
      return this.#fail(name, undefined, 'the data directory of this replica is missing')
    }
    if (start.kind !== 'restart') this.#directories.set(name, { clusterId, state: false })
    this.#processes.set(name, process)
    const fails = start.kind !== 'restart' && this.#init.random.chance(failure)
    this.#init.schedule.after(this.#init.random.between(startMs.low, startMs.high), () => {
      if (this.#processes.get(name) !== process) return
      if (fails) return this.#fail(name, process, 'rqlited: address already in use')
      if (start.kind === 'restart') return this.#restarted(name, process)
      if (start.kind === 'join') return this.#join(name, process, request, 0)
      this.#init.onBootstrap(request)
      this.#init.clusters.bootstrap(clusterId, name, this.#init.peerId)
      this.#up(name, process)
    })
  }

  /** Stops the process and sets its directory aside. */
  remove(name: string): void {
    this.#processes.delete(name)
    this.#directories.delete(name)
    this.#listeners.delete(name)
  }

  /** The node's process died: its children go on, or some die too, and nobody listens. */
  orphan(deathShare: number): void {
    this.#listeners.clear()
    for (const name of [...this.#processes.keys()])
      if (this.#init.random.chance(deathShare)) this.#processes.delete(name)
  }

  /** The disk is gone. */
  wipe(): void {
    this.#processes.clear()
    this.#directories.clear()
    this.#listeners.clear()
  }

  isUp(name: string, clusterId: string): boolean {
    const process = this.#processes.get(name)
    return process?.clusterId === clusterId && process.state === 'up'
  }

  isBound(httpPort: number): boolean {
    return [...this.#processes.values()].some((process) => process.httpPort === httpPort)
  }

  /** Names of databases with a process here. */
  running(): string[] {
    return [...this.#processes.keys()].sort()
  }

  #restarted(name: string, process: Process): void {
    if (this.#directories.get(name)?.state) return this.#up(name, process)
    this.#fail(name, process, 'this replica never joined its cluster')
  }

  #join(name: string, process: Process, request: StartReplica, waitedMs: number): void {
    if (this.#processes.get(name) !== process) return
    process.state = 'joining'
    const first = request.decree.replicas[0]
    const cluster = this.#init.clusters.get(process.clusterId)
    if (cluster !== undefined && first !== undefined && this.#init.reaches(first.peerId, name, process.clusterId)) {
      this.#init.clusters.join(cluster, this.#init.peerId)
      return this.#up(name, process)
    }
    if (waitedMs >= JOIN_FOR_MS) return this.#fail(name, process, 'rqlited: failed to join cluster')
    this.#init.schedule.after(JOIN_EVERY_MS, () => this.#join(name, process, request, waitedMs + JOIN_EVERY_MS))
  }

  #up(name: string, process: Process): void {
    process.state = 'up'
    const directory = this.#directories.get(name)
    if (directory !== undefined) directory.state = true
    this.#announce(name, process, process.gather)
  }

  #announce(name: string, process: Process, gather: number | undefined): void {
    this.#listeners.get(name)?.ready()
    const cluster = this.#init.clusters.get(process.clusterId)
    if (gather !== undefined && cluster !== undefined) this.#gather(name, process, cluster, gather)
  }

  /** Tells the voters whenever their number has grown, until all are there. */
  #gather(name: string, process: Process, cluster: Cluster, wanted: number, told = 0): void {
    if (this.#processes.get(name) !== process) return
    const listener = this.#listeners.get(name)
    if (listener === undefined) return
    const voters = cluster.voters.size
    if (voters > told) listener.gathered(voters)
    if (voters >= wanted) return
    this.#init.schedule.after(GATHER_EVERY_MS, () => this.#gather(name, process, cluster, wanted, voters))
  }

  #fail(name: string, process: Process | undefined, error: string): void {
    if (process !== undefined) this.#processes.delete(name)
    const listener = this.#listeners.get(name)
    this.#init.schedule.after(1, () => {
      if (this.#listeners.get(name) === listener) listener?.failed(error)
    })
  }
}
