import type { CoreContext } from '../context.js'
import type { LocalReplica } from '../events.js'
import type { Health } from './health.js'
import { isGone, wantedReplicas } from './repair-facts.js'

/** How often a sleeping database is looked for that lacks a replica. */
const LOOK_MS = 5_000
/** How long the one that was woken has until the next one may be: it is repaired long before, and asleep again some time later. */
const ONE_MS = 60_000

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
  #lastName = ''

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
    this.#context.log('info', 'Waking a database to replace a lost replica', { database: name })
    this.#components.wake(name)
  }

  nextDeadlineMs(): number {
    return this.#nextMs
  }

  /** Whether it lacks a replica, could get one, has a majority to wake with, and this node is the one to see to it. */
  #isOurs(name: string): boolean {
    const record = this.#context.usable(name)
    if (record === undefined) return false
    const placed = record.placement?.replicas ?? record.decree.replicas
    const isDead = (peerId: string, raftId: string): boolean =>
      !this.#context.isMember(peerId) || this.#components.health.isDead(peerId) || isGone(record, raftId)
    const dead = placed.filter(({ peerId, raftId }) => isDead(peerId, raftId))
    const live = placed.filter((replica) => !dead.includes(replica) && this.#context.isLive(replica.peerId))
    const sound = new Set(live.map(({ peerId }) => peerId))
    const hasRoom = this.#context.liveMembers().some((peerId) => !sound.has(peerId))
    const [lowest] = [...sound].sort()
    // It may have fallen asleep between the removal of one replica and the arrival of another.
    const lacks = dead.length > 0 || placed.length < wantedReplicas(record)
    return lacks && hasRoom && live.length > placed.length / 2 && lowest === this.#context.self.peerId
  }
}
