import { effectiveReplicas } from '@dbcluster/metadata'
import type { DatabaseRecord, ReplicaAssignment } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { LocalReplica } from '../events.js'
import type { Health } from './health.js'
import { isGone, wantedReplicas } from './repair-facts.js'

/** How often a sleeping database is looked for that lacks a replica. */
const LOOK_MS = 5_000
/** How long the one that was woken has until the next one may be: it is repaired long before, and asleep again some time later. */
const ONE_MS = 60_000
/** How long it may take until its repair has begun; it is looked at every `repairLookMs`. One that can't be repaired sleeps then. */
const KEPT_AWAKE_MS = 20_000

/** What the repair of sleeping databases needs of the other parts. */
export interface SleeperComponents {
  readonly health: Health
  /** Replicas here that are asleep. */
  readonly asleep: () => readonly LocalReplica[]
  /** Attempts under way from here: those for databases in use come first. */
  readonly underWay: () => number
  readonly wake: (name: string) => void
}

/**
 * Wakes sleeping databases that lost a replica, so that they are repaired as those in use are, and fall asleep again by
 * themselves: slowly, one at a time from each node, after the ones in use. The lowest live node that holds one acts.
 */
export class RepairSleepers {
  readonly #context: CoreContext
  readonly #components: SleeperComponents
  #nextMs = 0
  /** The one that was woken last, and how long it is kept awake for its repair. */
  #lastName = ''
  #awakeUntilMs = 0

  constructor(context: CoreContext, components: SleeperComponents) {
    this.#context = context
    this.#components = components
  }

  tick(): void {
    const { nowMs } = this.#context
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + LOOK_MS
    if (this.#components.underWay() > 0) return
    const names = this.#components
      .asleep()
      .map((replica) => replica.name)
      .filter((name) => this.#isOurs(name))
      .sort()
    const name = names.find((candidate) => candidate > this.#lastName) ?? names[0]
    if (name === undefined) return
    this.#lastName = name
    this.#nextMs = nowMs + ONE_MS
    this.#awakeUntilMs = nowMs + KEPT_AWAKE_MS
    this.#context.log('info', 'Waking a database to replace a lost replica', { database: name })
    this.#components.wake(name)
  }

  /** Whether it was woken for a repair that is not over yet, and has had too little time. */
  keepsAwake(name: string): boolean {
    return name === this.#lastName && this.#context.nowMs < this.#awakeUntilMs && this.#lacksReplica(name)
  }

  nextDeadlineMs(): number {
    return this.#nextMs
  }

  /** Whether it lacks a replica, could get one, has a majority to wake with, and this node is the one to see to it. */
  #isOurs(name: string): boolean {
    const record = this.#context.usable(name)
    if (record === undefined || !this.#lacksReplica(name)) return false
    const placed = effectiveReplicas(record)
    const dead = this.#deadOf(record)
    const live = placed.filter((replica) => !dead.includes(replica) && this.#context.isLive(replica.peerId))
    const sound = new Set(live.map(({ peerId }) => peerId))
    const hasRoom = this.#context.liveMembers().some((peerId) => !sound.has(peerId))
    const [lowest] = [...sound].sort()
    return hasRoom && live.length > placed.length / 2 && lowest === this.#context.self.peerId
  }

  /** It may have fallen asleep between the removal of one replica and the arrival of another. */
  #lacksReplica(name: string): boolean {
    const record = this.#context.usable(name)
    if (record === undefined) return false
    return this.#deadOf(record).length > 0 || effectiveReplicas(record).length < wantedReplicas(record)
  }

  #deadOf(record: DatabaseRecord): readonly ReplicaAssignment[] {
    const { health } = this.#components
    return effectiveReplicas(record).filter(
      ({ peerId, raftId }) => !this.#context.isMember(peerId) || health.isDead(peerId) || isGone(record, raftId),
    )
  }
}
