import type { DatabaseRecord } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { LocalReplica } from '../events.js'
import { Hibernation } from './hibernation.js'
import { LifeAsks } from './life-asks.js'
import { LIFE_TIMING } from './life-timing.js'
import { type LifeHost, Lives } from './lives.js'
import { SleepCourses } from './sleep-courses.js'
import { WakeCourse } from './wake-course.js'
import { Waking } from './waking.js'

/** Sleeping and waking of the replicas here, put together. */
export class LifeCycle {
  readonly lives: Lives
  readonly course: WakeCourse
  readonly waking: Waking
  readonly hibernation: Hibernation
  readonly courses: SleepCourses
  readonly asks: LifeAsks

  constructor(context: CoreContext, host: LifeHost) {
    this.lives = new Lives(context, host)
    this.courses = new SleepCourses(this.lives, (name, error) => this.asks.onSleepRefused(name, error))
    this.course = new WakeCourse(this.lives)
    this.waking = new Waking(this.lives, this.course, ({ name }) => this.asks.onChanged(name))
    this.hibernation = new Hibernation(this.lives, this.waking, ({ name }) => this.asks.onChanged(name))
    this.asks = new LifeAsks(this.lives, this.courses, this.waking)
  }

  /** A replica here is started, for the first time or again after this node's start. */
  onStarted({ name, clusterId, run }: LocalReplica): void {
    const never = Number.POSITIVE_INFINITY
    this.lives.set({
      name,
      clusterId,
      run,
      phase: 'awake',
      ready: false,
      idle: false,
      checkAtMs: never,
      callAtMs: never,
    })
    // The others may have fallen asleep while this node was down, as its own disk knows: nothing will say so again.
    const record = this.lives.context.usable(name)
    if (record !== undefined) this.hibernation.onRecord(record)
  }

  /** After this node's start: it slept before, and sleeps on. */
  onAsleep({ name, clusterId, run }: LocalReplica): void {
    const { context } = this.lives
    this.lives.set({ name, clusterId, run, phase: 'asleep' })
    context.emit({ type: 'closeGate', name })
    context.emit({ type: 'restPorts', name, ports: this.lives.home(name) })
  }

  /** A replica here is no more: queries find out for themselves. */
  onGone(name: string): void {
    if (this.lives.get(name) === undefined) return
    this.lives.forget(name)
    this.courses.forget(name)
    this.lives.context.emit({ type: 'openGate', name, woke: true })
    this.asks.onChanged(name)
  }

  onReady(name: string, clusterId: string): void {
    const life = this.lives.of({ name, clusterId })
    if (life === undefined) return
    const { context, host } = this.lives
    switch (life.phase) {
      case 'waking':
        return this.waking.onReady(life)
      case 'promised':
        return this.lives.set({ ...life, ready: true })
      case 'awake':
        this.lives.set({ ...life, ready: true, checkAtMs: context.nowMs, callAtMs: context.nowMs })
        host.report(name, { status: 'active', run: life.run })
        if (life.closed === true) this.waking.onQueryHeld(name)
        else context.emit({ type: 'openGate', name, woke: true })
        return this.asks.onChanged(name)
      case 'stopping':
      case 'asleep':
        return
    }
  }

  /** Its rqlited gave up. One that is to run is tried again, on other ports if need be. */
  onFailed(name: string, clusterId: string): void {
    const life = this.lives.of({ name, clusterId })
    if (life === undefined || life.phase === 'stopping' || life.phase === 'asleep') return
    this.course.again(life, life.phase === 'waking' ? life.failures : 0)
  }

  /**
   * Whether a replica here has failed to start for so long, while a majority of the others serves, that it is better
   * replaced: its directory may be damaged in a way that nobody but rqlited can see.
   */
  isHopeless(name: string, clusterId: string): boolean {
    const life = this.lives.of({ name, clusterId })
    if (life?.phase !== 'waking' || life.failures < LIFE_TIMING.hopelessFailures) return false
    return this.lives.context.nowMs - life.sinceMs >= LIFE_TIMING.hopelessMs && this.lives.servedWithout(life)
  }

  /** It gave up before its cluster was established, when nobody knew whether it ever would be; now it is wanted. */
  onStillFailed(name: string, clusterId: string): void {
    const life = this.lives.of({ name, clusterId })
    if (life?.phase === 'awake' && this.lives.record(life) !== undefined) this.course.again(life, 0)
  }

  /** Whether a replica here has promised to stop, or does. */
  fallsAsleep(name: string): boolean {
    const phase = this.lives.get(name)?.phase
    return phase === 'promised' || phase === 'stopping'
  }

  onRecord(record: DatabaseRecord): void {
    this.waking.onRecord(record)
    this.hibernation.onRecord(record)
    this.asks.onChanged(record.name)
  }

  tick(): void {
    for (const part of this.#timed()) part.tick()
  }

  nextDeadlineMs(): number {
    return Math.min(...this.#timed().map((part) => part.nextDeadlineMs()))
  }

  #timed(): readonly { tick(): void; nextDeadlineMs(): number }[] {
    return [this.waking, this.hibernation, this.courses, this.asks]
  }
}
