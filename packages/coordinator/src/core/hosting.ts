import type { DatabaseRecord, ReplicaAssignment, ReplicaState } from '@dbcluster/protocol'
import type { CoreContext } from './context.js'
import type { LocalReplica, ReplicaStart } from './events.js'
import type { Leases } from './leases.js'

const FIRST_RUN = { run: 1, asleep: false } as const

interface Hosted extends LocalReplica {
  readonly phase: 'running' | 'removing'
  /** When this node ends the matter if nobody has established the cluster by then. */
  readonly abandonAtMs: number
}

/** What hosting needs of the other parts. */
export interface HostingComponents {
  readonly leases: Leases
  /** Ends a creation that nobody finishes. */
  readonly resolve: (name: string) => void
}

/** The replicas this node hosts: started when a decree stands, removed when another one or a tombstone overtook it. */
export class Hosting {
  readonly #context: CoreContext
  readonly #components: HostingComponents
  readonly #hosted = new Map<string, Hosted>()

  constructor(context: CoreContext, memory: readonly LocalReplica[], components: HostingComponents) {
    this.#context = context
    this.#components = components
    for (const replica of memory) {
      this.#hosted.set(replica.name, { ...FIRST_RUN, ...replica, phase: 'running', abandonAtMs: 0 })
    }
  }

  get count(): number {
    return this.#hosted.size
  }

  names(): Iterable<string> {
    return this.#hosted.keys()
  }

  /** After a start: what was running comes up again with the state it has; what was overtaken goes. */
  resume(): void {
    for (const replica of [...this.#hosted.values()]) {
      const record = this.#context.table.database(replica.name)
      if (record === undefined) continue // nothing is deleted on missing knowledge
      if (this.#wants(record)?.clusterId === replica.clusterId) this.#start(record, replica)
      else this.#remove(replica, 'overtaken while this node was down')
    }
  }

  onRecord(record: DatabaseRecord): void {
    const hosted = this.#hosted.get(record.name)
    const wanted = this.#wants(record)
    if (hosted?.phase === 'removing') return
    if (hosted !== undefined && hosted.clusterId !== wanted?.clusterId) {
      return this.#remove(hosted, record.deleted ? 'deleted' : 'another cluster of this name was chosen')
    }
    if (hosted === undefined && wanted !== undefined) this.#adopt(record, wanted.assignment)
  }

  onRemoved(name: string, clusterId: string): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.clusterId !== clusterId) return
    this.#hosted.delete(name)
    this.#context.persist(`replica/${name}`, undefined)
    const record = this.#context.table.database(name)
    if (record !== undefined) this.onRecord(record)
  }

  onReady(name: string, clusterId: string): void {
    const known = this.#ownState(name)
    const voters = known?.clusterId === clusterId ? known.voters : undefined
    this.#report(name, { clusterId, status: 'active', ...(voters === undefined ? {} : { voters }) })
  }

  onGathered(name: string, clusterId: string, voters: number): void {
    this.#report(name, { clusterId, status: 'active', voters })
  }

  onFailed(name: string, clusterId: string, error: string): void {
    if (this.#hosted.get(name)?.clusterId !== clusterId) return
    this.#context.log('error', 'Database instance failed', { database: name, error })
    this.#reportFailure(name, clusterId, error)
  }

  tick(): void {
    const { nowMs, config, turn } = this.#context
    for (const hosted of this.#unestablished()) {
      if (nowMs < hosted.abandonAtMs) continue
      this.#hosted.set(hosted.name, { ...hosted, abandonAtMs: nowMs + config.abandonMs * (1 + turn) })
      this.#components.resolve(hosted.name)
    }
  }

  nextDeadlineMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#unestablished().map((hosted) => hosted.abandonAtMs))
  }

  #unestablished(): Hosted[] {
    return [...this.#hosted.values()].filter(
      ({ name, phase }) => phase === 'running' && this.#context.table.database(name)?.established === false,
    )
  }

  #wants(record: DatabaseRecord): { readonly clusterId: string; readonly assignment: ReplicaAssignment } | undefined {
    if (record.deleted) return undefined
    const replicas = record.placement?.replicas ?? record.decree.replicas
    const assignment = replicas.find((replica) => replica.peerId === this.#context.self.peerId)
    return assignment === undefined ? undefined : { clusterId: record.decree.clusterId, assignment }
  }

  /**
   * A decree stands that places a replica here. It is on disk as spawned before its rqlited can exist, and it starts
   * only with the ports that were offered for it: so one offer starts one process at most, whatever was lost between.
   */
  #adopt(record: DatabaseRecord, assignment: ReplicaAssignment): void {
    const { name, decree, established } = record
    if (this.#ownState(name)?.clusterId === decree.clusterId) return // started and lost, or refused, before
    if (established) {
      // Its cluster has gathered without us: this store is younger than the replica. It counts as dead.
      this.#context.log('error', 'A replica placed here has no local record: it counts as lost', { database: name })
      return
    }
    if (!this.#components.leases.take(name, decree)) {
      return this.#reportFailure(name, decree.clusterId, 'the ports that this node offered are no longer held')
    }
    const { generation, clusterId } = decree
    this.#start(record, { name, generation, clusterId, assignment, spawned: false, ...FIRST_RUN })
  }

  #start(record: DatabaseRecord, replica: LocalReplica): void {
    const { decree } = record
    const { self, nowMs, config, turn } = this.#context
    const spawned = { ...replica, spawned: true }
    const abandonAtMs = nowMs + config.abandonMs * (1 + 0.2 * turn)
    this.#hosted.set(replica.name, { ...spawned, phase: 'running', abandonAtMs })
    if (!replica.spawned) this.#context.persist(`replica/${replica.name}`, spawned)
    const first = decree.replicas[0] ?? replica.assignment
    const bootstraps = first.peerId === self.peerId
    const fresh: ReplicaStart = bootstraps
      ? { kind: 'bootstrap' }
      : { kind: 'join', addresses: [`${first.host}:${first.raftPort}`] }
    this.#context.emit({
      type: 'startReplica',
      name: replica.name,
      decree,
      assignment: replica.assignment,
      start: replica.spawned ? { kind: 'restart' } : fresh,
      ...(bootstraps && !record.established ? { gather: decree.replicationFactor } : {}),
    })
  }

  #remove(hosted: Hosted, reason: string): void {
    this.#hosted.set(hosted.name, { ...hosted, phase: 'removing' })
    this.#context.emit({ type: 'removeReplica', name: hosted.name, clusterId: hosted.clusterId, reason })
  }

  #ownState(name: string): ReplicaState | undefined {
    return this.#context.table.database(name)?.replicas[this.#context.self.peerId]?.value
  }

  #report(name: string, state: ReplicaState): void {
    if (this.#hosted.get(name)?.clusterId !== state.clusterId) return
    this.#put(name, state)
  }

  #reportFailure(name: string, clusterId: string, reason: string): void {
    const error = reason.slice(-2_000)
    this.#put(name, { clusterId, status: 'failed', error })
    if (this.#context.table.database(name)?.established === false)
      this.#context.sendToRoster({ type: 'DATABASE_REPLICA_FAILED', name, clusterId, error })
  }

  #put(name: string, state: ReplicaState): void {
    const record = this.#context.table.putReplicaState(name, state)
    const directly = state.voters === undefined ? [] : this.#context.liveMembers()
    if (record !== undefined) this.#context.keep([record], { directly })
  }
}
