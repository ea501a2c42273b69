import type { DatabaseRecord, ReplicaAssignment, ReplicaState } from '@dbcluster/protocol'
import type { CoreContext } from './context.js'
import type { LocalReplica, ReplicaStart } from './events.js'
import type { Voting } from './voting.js'
import { leaseKeyOf } from './voting.js'

interface Hosted extends LocalReplica {
  readonly phase: 'running' | 'removing'
}

/** The replicas this node hosts: started when a decree stands, removed when another one or a tombstone overtook it. */
export class Hosting {
  readonly #context: CoreContext
  readonly #voting: () => Voting
  readonly #hosted = new Map<string, Hosted>()

  constructor(context: CoreContext, memory: readonly LocalReplica[], voting: () => Voting) {
    this.#context = context
    this.#voting = voting
    for (const replica of memory) this.#hosted.set(replica.name, { ...replica, phase: 'running' })
  }

  get count(): number {
    return this.#hosted.size
  }

  /** After a start: what was running comes up again with the state it has; what was overtaken goes. */
  resume(): void {
    for (const replica of [...this.#hosted.values()]) {
      const record = this.#context.table.database(replica.name)
      if (record === undefined || this.#wants(record)?.clusterId !== replica.clusterId) {
        if (record === undefined) continue // nothing is deleted on missing knowledge
        this.#remove(replica, 'overtaken while this node was down')
      } else this.#start(record, replica)
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
    this.#report(name, { clusterId, status: 'active' })
  }

  onGathered(name: string, clusterId: string, voters: number): void {
    this.#report(name, { clusterId, status: 'active', voters })
  }

  onFailed(name: string, clusterId: string, error: string): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.clusterId !== clusterId) return
    this.#context.log('error', 'Database instance failed', { database: name, error })
    this.#report(name, { clusterId, status: 'failed', error: error.slice(-2_000) })
    const record = this.#context.table.database(name)
    if (record === undefined || record.established) return
    this.#context.sendToRoster({ type: 'DATABASE_REPLICA_FAILED', name, clusterId, error: error.slice(-2_000) })
  }

  #wants(record: DatabaseRecord): { readonly clusterId: string; readonly assignment: ReplicaAssignment } | undefined {
    if (record.deleted) return undefined
    const replicas = record.placement?.replicas ?? record.decree.replicas
    const assignment = replicas.find((replica) => replica.peerId === this.#context.self.peerId)
    return assignment === undefined ? undefined : { clusterId: record.decree.clusterId, assignment }
  }

  /** A decree stands that places a replica here. It is on disk as spawned before its rqlited can exist. */
  #adopt(record: DatabaseRecord, assignment: ReplicaAssignment): void {
    const { name, decree, established } = record
    if (established) {
      // Its cluster has gathered without us: this store is younger than the replica. It counts as dead.
      this.#context.log('error', 'A replica placed here has no local record: it counts as lost', { database: name })
      return
    }
    const replica: LocalReplica = {
      name,
      generation: decree.generation,
      clusterId: decree.clusterId,
      assignment,
      spawned: false,
    }
    this.#voting().takeLease(name, leaseKeyOf({ name, generation: decree.generation, ballot: decree.ballot }))
    this.#start(record, replica)
  }

  #start(record: DatabaseRecord, replica: LocalReplica): void {
    const { decree } = record
    const spawned = { ...replica, spawned: true }
    this.#hosted.set(replica.name, { ...spawned, phase: 'running' })
    if (!replica.spawned) this.#context.persist(`replica/${replica.name}`, spawned)
    const bootstraps = decree.replicas[0]?.peerId === this.#context.self.peerId
    const others = decree.replicas.filter((other) => other.peerId !== this.#context.self.peerId)
    const first = decree.replicas[0] ?? replica.assignment
    const fresh: ReplicaStart = bootstraps
      ? { kind: 'bootstrap' }
      : { kind: 'join', addresses: [`${first.host}:${first.raftPort}`] }
    this.#context.emit({
      type: 'startReplica',
      name: replica.name,
      decree,
      assignment: replica.assignment,
      start: replica.spawned ? { kind: 'restart' } : fresh,
      ...(bootstraps && !record.established ? { gather: 1 + others.length } : {}),
    })
  }

  #remove(hosted: LocalReplica, reason: string): void {
    this.#hosted.set(hosted.name, { ...hosted, phase: 'removing' })
    this.#context.emit({ type: 'removeReplica', name: hosted.name, clusterId: hosted.clusterId, reason })
  }

  #report(name: string, state: ReplicaState): void {
    if (this.#hosted.get(name)?.clusterId !== state.clusterId) return
    const record = this.#context.table.putReplicaState(name, state)
    const directly = state.voters === undefined ? [] : this.#context.liveMembers()
    if (record !== undefined) this.#context.keep([record], { directly })
  }
}
