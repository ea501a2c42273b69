import type { DatabaseRecord, ReplicaAssignment, ReplicaState } from '@dbcluster/protocol'
import type { Leases } from '../consensus/leases.js'
import type { CoreContext } from '../context.js'
import type { LocalReplica, ReplicaStart } from '../events.js'
import type { LifeCycle } from '../life/life-cycle.js'
import { Abandonment } from './abandonment.js'
import { Arrivals } from './arrivals.js'
import { disownedBy } from './disowned.js'
import { FIRST_RUN, type Hosted, isPlaced, localPart, presentAssignment, raftPeer, startOf, vacant } from './hosted.js'
import { HostedReplicas } from './hosted-replicas.js'
import { asMember, isTryOver, noteTried, noteUnwanted, UNTRIED } from './join-try.js'
import { placedHere } from './placed-here.js'
import { recoveryOf, recoveryRefusal, type Startable } from './recoveries.js'
import { ReplicaReports } from './replica-reports.js'

/** What hosting needs of the other parts. */
export interface HostingComponents {
  readonly leases: Leases
  /** Ends a creation that nobody finishes. */
  readonly resolve: (name: string) => void
  /** Whether this node has compared its metadata with the others' since its start. */
  readonly synced: () => boolean
  /** A newcomer's rqlited is up, or gave up. */
  readonly life: () => LifeCycle
  readonly newcomerStarted: (name: string, clusterId: string, error: string | undefined) => void
}

/** The replicas this node hosts: started when a decree stands, removed when another one or a tombstone overtook it. */
export class Hosting {
  readonly #context: CoreContext
  readonly #components: HostingComponents
  readonly #reports: ReplicaReports
  readonly #hosted: HostedReplicas
  /** Ends creations that nobody finishes. */
  readonly abandonment: Abandonment
  readonly #arrivals: Arrivals

  constructor(context: CoreContext, memory: readonly LocalReplica[], components: HostingComponents) {
    this.#context = context
    this.#components = components
    this.#hosted = HostedReplicas.of(memory)
    this.#reports = new ReplicaReports(context)
    this.#arrivals = new Arrivals(context)
    this.abandonment = new Abandonment(context, this.#hosted, components.resolve)
  }

  /** Everything that is here. */
  get replicas(): Omit<HostedReplicas, 'set' | 'delete' | 'clear'> {
    return this.#hosted
  }

  /** After a start: what was running comes up again with the state it has; what was overtaken goes. */
  resume(): void {
    for (const replica of [...this.#hosted.values()]) {
      const record = this.#context.table.database(replica.name)
      if (replica.role === 'warm') this.#leave(replica, 'a restart broke its replacement off')
      else if (record === undefined || replica.lost !== undefined)
        continue // nothing is deleted on missing knowledge
      else if (disownedBy(record, replica) === undefined) this.#resume(record, replica)
      else this.onRecord(record)
    }
  }

  /** What the store says of directories here may be acted upon. */
  onSynced(): void {
    for (const record of this.#context.table.databases()) this.onRecord(record)
  }

  onRecord(record: DatabaseRecord): void {
    const hosted = this.#hosted.get(record.name)
    if (hosted === undefined) return this.#adopt(record)
    if (hosted.phase === 'removing') return
    const disowned = disownedBy(record, hosted)
    if (disowned !== undefined) {
      if (hosted.remembered !== true || this.#components.synced()) this.#leave(hosted, disowned)
      return
    }
    if (hosted.role === 'joining' && isPlaced(record, hosted)) {
      const member = asMember(hosted)
      this.#keep(member)
      // It got in after all, when it was to try no more.
      if (hosted.failed === true && hosted.unwantedMs !== undefined) return this.#start(record, member)
    }
    if (hosted.failed === true) this.#components.life().onStillFailed(record.name, hosted.clusterId)
  }

  onRemoved(name: string, clusterId: string): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.clusterId !== clusterId) return
    this.#hosted.delete(name)
    this.#context.persist(`replica/${name}`, undefined)
    if (this.#arrive(name)) return
    const record = this.#context.table.database(name)
    if (record !== undefined) this.onRecord(record)
  }

  onReady(name: string, clusterId: string, recovery?: number): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.clusterId !== clusterId || hosted.phase !== 'running') return
    this.#hosted.set(name, { ...noteTried(hosted, this.#context.nowMs), failed: false })
    if (recovery !== undefined && recovery !== (hosted.recovery ?? 0)) this.amend(name, { recovery })
    if (hosted.role === 'warm') return this.#components.newcomerStarted(name, clusterId, undefined)
    this.#components.life().onReady(name, clusterId)
  }

  onGathered(name: string, clusterId: string, voters: number): void {
    this.report(name, { clusterId, status: 'active', voters })
  }

  onFailed(name: string, clusterId: string, error: string): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.clusterId !== clusterId) return
    this.#hosted.set(name, { ...noteTried(hosted, this.#context.nowMs), failed: true, recovering: undefined })
    this.#context.log('error', 'Database instance failed', { database: name, error })
    if (hosted.role === 'warm') return this.#components.newcomerStarted(name, clusterId, error)
    this.#reportFailure(name, clusterId, error)
    if (this.#context.usable(name) === undefined) return
    const life = this.#components.life()
    if (hosted.role === undefined && life.isHopeless(name, clusterId)) this.onLost(name, clusterId, error)
    else life.onFailed(name, clusterId)
  }

  /** Its directory is missing, emptied, or older than it should be: it counts as dead, and is removed and added anew. */
  onLost(name: string, clusterId: string, reason: string): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.clusterId !== clusterId) return
    this.#context.log('error', 'A replica is lost: it is removed from its cluster and added anew', {
      database: name,
      reason,
    })
    this.#keep({ ...hosted, lost: reason.slice(-500) })
    this.#components.life().onGone(name)
    this.#reports.put(name, { clusterId, status: 'lost' }, hosted.assignment)
  }

  /** Starts a newcomer as a member of nothing, in place of whatever of its name is here. */
  takeIn(record: DatabaseRecord, assignment: ReplicaAssignment, leaseKey: string): void {
    const { name } = record
    this.#arrivals.announce(name, { record, assignment, leaseKey })
    const before = this.#hosted.get(name)
    if (before?.phase === 'removing') return
    // Also where nothing is known of: a directory may be there that this node's store has lost.
    this.#remove(before ?? vacant(record, assignment), 'it is replaced by a new one')
  }

  /** A newcomer is told to join; one that failed to tries again. */
  join(name: string, raftId: string, joinAddresses: readonly string[]): void {
    const hosted = this.#hosted.get(name)
    const record = this.#context.usable(name)
    if (record === undefined || hosted?.assignment.raftId !== raftId || hosted.phase !== 'running') return
    if (hosted.role === undefined || (hosted.role === 'joining' && hosted.failed !== true)) return
    this.#keep({ ...hosted, role: 'joining', joinAddresses: [...joinAddresses] })
    this.#start(record, { ...hosted, role: 'joining', joinAddresses })
  }

  /** Removes a newcomer, if it is this one, or says that it has gone. */
  discard(name: string, raftId: string, reason: string): void {
    this.#arrivals.cancel(name, raftId)
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return this.#reports.gone(name, raftId)
    if (hosted.assignment.raftId !== raftId || hosted.role === undefined || hosted.phase !== 'running') return
    const unwanted = noteUnwanted(hosted, this.#context.nowMs)
    if (!isTryOver(unwanted, this.#context.nowMs)) return void this.#hosted.set(name, unwanted)
    // Should it be a voter all the same, the leader learns from this that it is none that will ever answer.
    this.#leave(hosted, reason)
  }

  /** A replica starts once more by itself. @returns false when it is a newcomer that its leader does not count in */
  mayStartAgain(name: string): boolean {
    const hosted = this.#hosted.get(name)
    if (hosted?.role !== 'joining') return true
    if (hosted.unwantedMs !== undefined) return false
    this.#hosted.set(name, { ...hosted, triedMs: undefined })
    return true
  }

  /** Why the replica here cannot be what a database is recovered from; undefined when it can. */
  unusable(name: string, clusterId: string): string | undefined {
    const hosted = this.#hosted.get(name)
    if (hosted?.phase !== 'running' || hosted.clusterId !== clusterId) return 'there is no replica of it'
    return hosted.lost ?? (hosted.role === undefined ? undefined : 'it never became a member')
  }

  /** An operator's word: the replica here goes on as a cluster of one. @returns why it does not; undefined when it does */
  recover(name: string, clusterId: string, ordered: number): string | undefined {
    const hosted = this.#hosted.get(name)
    const record = this.#context.usable(name)
    if (hosted === undefined || record === undefined) return 'there is no replica of it'
    const refusal = this.unusable(name, clusterId) ?? recoveryRefusal(record, hosted, ordered)
    if (refusal !== undefined) return refusal
    const alone = { ...hosted, asleep: false, recovering: Math.max(ordered, hosted.recovery ?? 0) }
    this.#keep(alone)
    this.#start(record, alone, { kind: 'recover', peers: [raftPeer(presentAssignment(hosted))] })
    return undefined
  }

  /**
   * A decree stands that places a replica here. It is on disk as spawned before its rqlited can exist, and it starts
   * only with the ports that were offered for it: so one offer starts one process at most, whatever was lost between.
   */
  #adopt(record: DatabaseRecord): void {
    const placed = placedHere(this.#context.self.peerId, record)
    if (placed === undefined) return
    const { name, decree } = record
    const { assignment } = placed
    if (placed.gathered) {
      // Its cluster has gathered without us: this store is younger than the replica. It counts as dead.
      this.#context.log('error', 'A replica placed here has no local record: it counts as lost', { database: name })
      return this.#reports.put(name, { clusterId: decree.clusterId, status: 'lost' }, assignment)
    }
    if (!this.#components.leases.take(name, decree)) {
      return this.#reportFailure(name, decree.clusterId, 'the ports that this node offered are no longer held')
    }
    this.#start(record, vacant(record, assignment))
  }

  /** What was to come in place of what is gone now. @returns whether anything was */
  #arrive(name: string): boolean {
    const arrival = this.#arrivals.take(name)
    if (arrival === undefined) return false
    const { record, assignment, leaseKey } = arrival
    const { generation, clusterId } = record.decree
    this.#context.emit({ type: 'confirmPorts', leaseKey, name })
    this.#start(record, { name, generation, clusterId, assignment, spawned: false, ...FIRST_RUN, role: 'warm' })
    this.#reports.put(name, { clusterId, status: 'starting' }, assignment)
    return true
  }

  #start(record: DatabaseRecord, replica: Startable, start?: ReplicaStart): void {
    const { decree } = record
    const { nowMs, config, turn } = this.#context
    const started: Hosted = {
      ...replica,
      spawned: true,
      phase: 'running',
      abandonAtMs: nowMs + config.abandonMs * (1 + 0.2 * turn),
      failed: false,
      ...UNTRIED,
      recovering: start?.kind === 'recover' ? replica.recovering : undefined,
    }
    this.#hosted.set(replica.name, started)
    if (replica.role !== 'warm') this.#components.life().onStarted(started)
    if (!replica.spawned) this.#context.persist(`replica/${replica.name}`, localPart(started))
    const bootstraps = decree.replicas[0]?.raftId === replica.assignment.raftId
    this.#context.emit({
      type: 'startReplica',
      name: replica.name,
      decree,
      assignment: presentAssignment(replica),
      start: start ?? startOf(decree, replica),
      ...recoveryOf(record, started),
      ...(bootstraps && !record.established ? { gather: decree.replicationFactor } : {}),
    })
  }

  #keep(hosted: Hosted): void {
    this.#hosted.set(hosted.name, hosted)
    this.#context.persist(`replica/${hosted.name}`, localPart(hosted))
  }

  /** Says so where the database lives on: else its leader asks again and again for what runs under that name. */
  #leave(hosted: Hosted, reason: string): void {
    const { name, clusterId, assignment } = hosted
    this.#remove(hosted, reason)
    if (this.#context.usable(name)?.decree.clusterId === clusterId)
      this.#reports.put(name, { clusterId, status: 'lost' }, assignment)
  }

  #remove(hosted: Hosted, reason: string): void {
    this.#hosted.set(hosted.name, { ...hosted, phase: 'removing' })
    this.#components.life().onGone(hosted.name)
    this.#context.emit({ type: 'removeReplica', name: hosted.name, clusterId: hosted.clusterId, reason })
  }

  /** Tells the others how a replica here does. What gathered has gathered: one that starts again does not take it back. */
  report(name: string, state: ReplicaState): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.clusterId !== state.clusterId) return
    const known = this.#reports.own(name)
    const voters = known?.clusterId === state.clusterId && known.voters !== undefined ? { voters: known.voters } : {}
    this.#reports.put(name, { ...voters, run: hosted.run, ...state }, presentAssignment(hosted))
  }

  /** Changes what is remembered of a replica here. */
  amend(name: string, change: Partial<Pick<LocalReplica, 'run' | 'asleep' | 'address' | 'recovery'>>): void {
    const hosted = this.#hosted.get(name)
    if (hosted !== undefined) this.#keep({ ...hosted, ...change })
  }

  /** What slept before this node's start sleeps on. */
  #resume(record: DatabaseRecord, replica: Hosted): void {
    if (replica.asleep) return this.#components.life().onAsleep(replica)
    if (record.established) this.report(replica.name, { clusterId: replica.clusterId, status: 'starting' })
    this.#start(record, replica)
  }

  #reportFailure(name: string, clusterId: string, reason: string): void {
    this.#reports.failure(name, clusterId, { reason, assignment: this.#hosted.get(name)?.assignment })
  }
}
