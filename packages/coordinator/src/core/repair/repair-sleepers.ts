import { effectiveReplicas } from '@dbcluster/metadata'
import { compareText } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { LocalReplica } from '../events.js'
import type { Health } from './health.js'
import { RepairPauses } from './repair-pauses.js'
import { isForUsToWake, type SleeperNeed, sleeperNeed } from './sleeper-need.js'

/** How often a sleeping database is looked for that is to be repaired. With a node being emptied, the pace of wakes too. */
const LOOK_MS = 5_000
/** The pause between wakes for lost replicas: the one before is repaired long before, and asleep again some time later. */
const LOST_ONE_MS = 60_000
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

interface Woken {
  readonly name: string
  /** Its replicas when it was woken. */
  readonly replicas: string
  /** How long it is kept awake for its repair. */
  readonly untilMs: number
}

/**
 * Wakes sleeping databases that lost a replica, or have one on a node that is being emptied, so that they are repaired
 * as those in use are, and fall asleep again by themselves: one at a time from each node, after the ones in use. Lost
 * replicas are no hurry; somebody waits for a node to be empty. The lowest live node that holds one acts.
 */
export class RepairSleepers {
  readonly #context: CoreContext
  readonly #components: SleeperComponents
  readonly #pauses = new RepairPauses()
  #nextMs = 0
  #nextLostMs = 0
  /** The name that was woken last: the others have their turn before it has again. */
  #lastName = ''
  #woken: Woken | undefined

  constructor(context: CoreContext, components: SleeperComponents) {
    this.#context = context
    this.#components = components
  }

  tick(): void {
    const { nowMs } = this.#context
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + LOOK_MS
    this.#settle()
    for (const name of this.#pauses.names()) if (this.#needOf(name) === undefined) this.#pauses.forget(name)
    if (this.#woken !== undefined || this.#components.underWay() > 0) return
    const names = this.#components
      .asleep()
      .map((replica) => replica.name)
      .filter((name) => this.#isDue(name))
      .sort(compareText)
    const name = names.find((candidate) => candidate > this.#lastName) ?? names[0]
    if (name !== undefined) this.#wake(name)
  }

  /** Whether it was woken for a repair that is not over yet, and has had too little time. */
  keepsAwake(name: string): boolean {
    return name === this.#woken?.name && this.#context.nowMs < this.#woken.untilMs && this.#needOf(name) !== undefined
  }

  nextDeadlineMs(): number {
    return this.#nextMs
  }

  #wake(name: string): void {
    const { nowMs } = this.#context
    const need = this.#needOf(name)
    if (need === 'lost') this.#nextLostMs = nowMs + LOST_ONE_MS
    this.#lastName = name
    this.#woken = { name, replicas: this.#replicasOf(name), untilMs: nowMs + KEPT_AWAKE_MS }
    const why = need === 'lost' ? 'replace a lost replica' : 'move a replica away'
    this.#context.log('info', `Waking a database to ${why}`, { database: name })
    this.#components.wake(name)
  }

  /** Whether the one that was woken last is repaired, or has had its time. */
  #settle(): void {
    const woken = this.#woken
    if (woken === undefined) return
    const need = this.#needOf(woken.name)
    if (need !== undefined && this.#context.nowMs < woken.untilMs) return
    this.#woken = undefined
    if (need === undefined || this.#replicasOf(woken.name) !== woken.replicas) return this.#pauses.forget(woken.name)
    const pauseMs = this.#pauses.failed(woken.name, this.#moment())
    this.#context.log('warn', 'A database was woken for its repair to no avail', {
      database: woken.name,
      again_in_ms: pauseMs,
    })
  }

  #isDue(name: string): boolean {
    const record = this.#context.usable(name)
    const need = this.#needOf(name)
    if (record === undefined || need === undefined) return false
    if (need === 'lost' && this.#context.nowMs < this.#nextLostMs) return false
    if (this.#pauses.isPaused(name, this.#moment())) return false
    return isForUsToWake(this.#context, this.#components.health, record)
  }

  #needOf(name: string): SleeperNeed | undefined {
    const record = this.#context.usable(name)
    return record === undefined ? undefined : sleeperNeed(this.#context, this.#components.health, record)
  }

  #replicasOf(name: string): string {
    const record = this.#context.usable(name)
    return record === undefined
      ? ''
      : effectiveReplicas(record)
          .map(({ raftId }) => raftId)
          .sort(compareText)
          .join(' ')
  }

  #moment(): { readonly nowMs: number; readonly epoch: number } {
    return { nowMs: this.#context.nowMs, epoch: this.#context.roster?.epoch ?? 0 }
  }
}
