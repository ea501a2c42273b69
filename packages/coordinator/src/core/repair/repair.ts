import type { DatabaseRecord, NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import { isFleetingAbsence } from './fleeting-absence.js'
import type { Health } from './health.js'
import type { RepairAttempts } from './repair-attempts.js'
import type { RaftSeen } from './repair-events.js'
import { peerOfRaftId, placementOf, samePlacement, standingsOf, strangersOf, wantedReplicas } from './repair-facts.js'
import { planRepair, type RepairMove, type VoterStanding } from './repair-plan.js'
import { type AwakeReplica, newWatch, type Watch } from './repair-state.js'
import { isStranded, noteLeader } from './unavailability.js'

/** How soon Raft is looked at again while something is being changed. */
const BUSY_LOOK_MS = 150
/** A look or a removal without an answer for so long is taken for lost. */
const ANSWER_MS = 15_000
/** What repairs need of the other parts. */
export interface RepairComponents {
  readonly health: Health
  readonly attempts: RepairAttempts
  readonly awake: () => readonly AwakeReplica[]
  /** Whether a replica here is falling asleep: a proof would put an entry into its log, which the others have no more. */
  readonly fallsAsleep: (name: string) => boolean
  /** Replicas that an operator asked for and that no placement says yet. */
  readonly factorAsked: (name: string) => number | undefined
  /** The recovery that this node's replica belongs to. */
  readonly recoveryOf: (name: string) => number
  /** The replica here has known no leader for long. */
  readonly onStranded: (name: string) => void
}

/**
 * Keeps the members of each database's cluster as they should be, from the node whose rqlited leads it. Level-triggered:
 * it looks at Raft's committed configuration, does the one next thing that is wrong, and looks again. Nothing of it is
 * remembered over a restart; whoever leads next goes on from what Raft says.
 */
export class Repairs {
  readonly #context: CoreContext
  readonly #components: RepairComponents
  readonly #watches = new Map<string, Watch>()

  constructor(context: CoreContext, components: RepairComponents) {
    this.#context = context
    this.#components = components
  }

  /** Nodes' conditions changed: look at once. */
  hurry(): void {
    for (const watch of this.#watches.values()) watch.nextLookMs = this.#context.nowMs
  }

  hurryOne(name: string): void {
    const watch = this.#watches.get(name)
    if (watch !== undefined) watch.nextLookMs = this.#context.nowMs
  }

  /** Newcomers that are being brought in from here. */
  get underWay(): number {
    return [...this.#watches.values()].filter((watch) => watch.repair !== undefined).length
  }

  /** Whether a newcomer of this database is being brought in from here. */
  isUnderWay(name: string): boolean {
    return this.#watches.get(name)?.repair !== undefined
  }

  tick(): void {
    const { nowMs } = this.#context
    const awake = this.#components.awake()
    this.#follow(awake)
    for (const { name, clusterId } of awake) {
      const watch = this.#watches.get(name)
      if (watch === undefined) continue
      if (watch.repair !== undefined) this.#components.attempts.tick(name, watch)
      if (this.#components.fallsAsleep(name)) watch.nextLookMs = Math.max(watch.nextLookMs, nowMs + BUSY_LOOK_MS)
      if (nowMs < watch.nextLookMs || isUnderWay(watch.lookingSinceMs, nowMs)) continue
      this.#look(name, clusterId, watch, watch.repair?.phase === 'ready' || watch.repair?.phase === 'joining')
    }
  }

  nextDeadlineMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const { name } of this.#components.awake()) {
      const watch = this.#watches.get(name)
      if (watch === undefined) return this.#context.nowMs
      const lookMs = watch.lookingSinceMs === undefined ? watch.nextLookMs : watch.lookingSinceMs + ANSWER_MS
      earliestMs = Math.min(earliestMs, lookMs, watch.repair?.deadlineMs ?? Number.POSITIVE_INFINITY)
    }
    return earliestMs
  }

  onOffer(from: string, message: NodeMessageOf<'NODE_REPLACEMENT_OFFER'>): void {
    const watch = this.#watches.get(message.name)
    if (watch !== undefined) this.#components.attempts.onOffer(from, message, watch)
  }

  onReady(from: string, message: NodeMessageOf<'NODE_REPLACEMENT_READY'>): void {
    const watch = this.#watches.get(message.name)
    if (watch !== undefined) this.#components.attempts.onReady(from, message, watch)
  }

  onDialled(name: string, repairId: string, reached: boolean): void {
    const watch = this.#watches.get(name)
    if (watch !== undefined) this.#components.attempts.onDialled(name, watch, { repairId, reached })
  }

  onVoterRemoved(name: string, clusterId: string, raftId: string, error: string | undefined): void {
    const watch = this.#watches.get(name)
    if (watch?.clusterId !== clusterId) return
    watch.removingSinceMs = undefined
    watch.nextLookMs = this.#context.nowMs
    if (error === undefined) watch.removed = raftId
    else this.#context.log('warn', 'A voter could not be removed', { database: name, raft_id: raftId, error })
  }

  /** What the local rqlited says of its cluster; `proved` when it was read through Raft, and so holds. */
  onRaftSeen(name: string, clusterId: string, seen: { readonly proved: boolean; readonly view?: RaftSeen }): void {
    const watch = this.#watches.get(name)
    if (watch?.clusterId !== clusterId) return
    watch.lookingSinceMs = undefined
    watch.nextLookMs =
      this.#context.nowMs + (watch.repair === undefined ? this.#context.config.repairLookMs : BUSY_LOOK_MS)
    const record = this.#context.usable(name)
    const { view, proved } = seen
    if (record?.decree.clusterId !== clusterId || view === undefined) return
    // An operator gave its history up: it is to go, and whom it counts as voters is of no account any more.
    if (this.#components.recoveryOf(name) < (record.placement?.recovery ?? 0)) return
    noteLeader(this.#context, name, watch, view)
    if (isStranded(this.#context, watch)) this.#components.onStranded(name)
    if (isFleetingAbsence(this.#context, watch, { record, view })) {
      watch.nextLookMs = this.#context.nowMs + BUSY_LOOK_MS
      return
    }
    const voters = standingsOf(this.#context, this.#components.health, record, view)
    if (!this.#mayAct(view, voters)) return this.#components.attempts.abandon(name, watch, 'another node leads now')
    const move = this.#plan(name, watch, { record, view, voters })
    const idle = this.#isIdle(watch, move) && !this.#differs(name, record, view)
    if (idle && strangersOf(this.#context, record, view).length === 0) return
    if (!proved) return this.#look(name, clusterId, watch, true)
    this.#mendPlacement(name, watch, { record, view })
    this.#act(name, watch, { record: this.#context.usable(name) ?? record, view, voters, move })
  }

  #look(name: string, clusterId: string, watch: Watch, prove: boolean): void {
    watch.lookingSinceMs = this.#context.nowMs
    this.#context.emit({ type: 'lookAtRaft', name, clusterId, prove })
  }

  /** Watches what is awake here, and nothing else. */
  #follow(awake: readonly AwakeReplica[]): void {
    const names = new Map(awake.map((replica) => [replica.name, replica.clusterId]))
    for (const [name, watch] of this.#watches) {
      if (names.get(name) === watch.clusterId) continue
      this.#components.attempts.abandon(name, watch, 'the replica here is down')
      this.#watches.delete(name)
    }
    for (const [name, clusterId] of names)
      if (!this.#watches.has(name)) this.#watches.set(name, newWatch(clusterId, this.#context.nowMs))
  }

  /**
   * The leader's node acts. A node that died may leave its rqlited behind, which goes on leading: then the lowest of the
   * others acts through that leader, with its first deed to remove it.
   */
  #mayAct(view: RaftSeen, voters: readonly VoterStanding[]): boolean {
    if (view.isLeader) return true
    const leader = voters.find((voter) => voter.raftId === view.leaderId)
    if (leader?.condition !== 'dead') return false
    const [lowest] = voters
      .filter((voter) => voter.condition === 'sound' || voter.condition === 'leaving')
      .map((voter) => voter.peerId)
      .sort()
    return lowest === this.#context.self.peerId
  }

  #plan(
    name: string,
    watch: Watch,
    about: { readonly record: DatabaseRecord; readonly view: RaftSeen; readonly voters: readonly VoterStanding[] },
  ): RepairMove {
    const { record, view, voters } = about
    const joined =
      watch.repair?.newcomer !== undefined && voters.some(({ raftId }) => raftId === watch.repair?.newcomer?.raftId)
    return planRepair({
      voters,
      wanted: this.#components.factorAsked(name) ?? wantedReplicas(record),
      leaderRaftId: view.isLeader ? view.raftId : view.leaderId,
      ownRaftId: view.raftId,
      newcomerReady: !joined && (watch.repair?.phase === 'ready' || watch.repair?.phase === 'joining'),
    })
  }

  /** Whether nothing is to be done now, so that Raft's log is spared the read. */
  #isIdle(watch: Watch, move: RepairMove): boolean {
    if (move.kind === 'wait') watch.nextLookMs = this.#context.nowMs + BUSY_LOOK_MS
    if (move.kind === 'seek') return watch.repair !== undefined || this.#context.nowMs < watch.retryAtMs
    return move.kind === 'wait' || (move.kind === 'nothing' && watch.repair === undefined)
  }

  #differs(name: string, record: DatabaseRecord, view: RaftSeen): boolean {
    const replicas = placementOf(record, view.voters, this.#watches.get(name)?.repair?.newcomer)
    if (replicas === undefined) return true
    const known = record.placement?.replicas ?? record.decree.replicas
    const factor = this.#components.factorAsked(name)
    const { recoveryOf } = this.#components
    return (
      !samePlacement(replicas, known) ||
      (factor !== undefined && factor !== wantedReplicas(record)) ||
      recoveryOf(name) > (record.placement?.recovery ?? 0)
    )
  }

  /** Copies membership from Raft. Its epoch is the log's index at the look: the configuration seen is no younger. */
  #mendPlacement(
    name: string,
    watch: Watch,
    about: { readonly record: DatabaseRecord; readonly view: RaftSeen },
  ): void {
    const { record, view } = about
    if (!this.#differs(name, record, view)) return
    const replicas = placementOf(record, view.voters, watch.repair?.newcomer)
    if (replicas === undefined) return
    const recovery = this.#components.recoveryOf(name)
    const factor = this.#components.factorAsked(name) ?? record.placement?.replicationFactor
    const placement = {
      ...(recovery === 0 ? {} : { recovery }),
      epoch: view.lastLogIndex,
      ...(factor === undefined ? {} : { replicationFactor: factor }),
      replicas: [...replicas],
    }
    const changed = this.#context.table.putPlacement(name, { clusterId: record.decree.clusterId, placement })
    if (changed === undefined) return
    this.#context.keep([changed], { directly: this.#context.liveMembers() })
    const voters = view.voters.map(({ id }) => peerOfRaftId(id))
    this.#context.log('info', 'Database placement changed', { database: name, epoch: placement.epoch, voters })
  }

  #act(
    name: string,
    watch: Watch,
    about: {
      readonly record: DatabaseRecord
      readonly view: RaftSeen
      readonly voters: readonly VoterStanding[]
      readonly move: RepairMove
    },
  ): void {
    const { record, view, voters, move } = about
    const { attempts } = this.#components
    const { nowMs } = this.#context
    if (attempts.finishIfJoined(name, watch, voters)) {
      watch.nextLookMs = nowMs
      return
    }
    this.#cancelStrangers(name, watch, { record, view })
    if (isUnderWay(watch.removingSinceMs, nowMs)) return
    switch (move.kind) {
      case 'nothing':
        return attempts.abandon(name, watch, 'it is no longer needed')
      case 'wait':
        return
      case 'seek':
        if (
          watch.repair === undefined &&
          nowMs >= watch.retryAtMs &&
          this.underWay < this.#context.config.replacementsAtOnce
        )
          attempts.begin(name, watch, { record, voters })
        return
      case 'join':
        return attempts.join(name, watch, view)
      case 'remove':
        // Voters change one at a time: a join that is under way comes first.
        if (watch.repair?.phase === 'joining') return attempts.join(name, watch, view)
        watch.removingSinceMs = nowMs
        this.#context.log('info', 'Removing a replica', {
          database: name,
          peer_id: peerOfRaftId(move.raftId),
          reason: move.why,
        })
        return this.#context.emit({ type: 'removeVoter', name, clusterId: watch.clusterId, raftId: move.raftId })
    }
  }

  /** Nodes that run a replica which Raft does not know and nobody waits for: left over from an attempt that broke off. */
  #cancelStrangers(
    name: string,
    watch: Watch,
    about: { readonly record: DatabaseRecord; readonly view: RaftSeen },
  ): void {
    const { record, view } = about
    for (const { peerId, raftId } of strangersOf(this.#context, record, view)) {
      if (raftId === watch.repair?.newcomer?.raftId) continue
      this.#context.send(peerId, { type: 'NODE_REPLACEMENT_CANCEL', name, clusterId: watch.clusterId, raftId })
    }
  }
}

const isUnderWay = (sinceMs: number | undefined, nowMs: number): boolean =>
  sinceMs !== undefined && nowMs - sinceMs < ANSWER_MS
