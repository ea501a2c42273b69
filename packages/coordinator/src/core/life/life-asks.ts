import { DbClusterError } from '@dbcluster/protocol'
import type { AskResult } from '../events.js'
import type { Life } from './life.js'
import { LIFE_TIMING } from './life-timing.js'
import { type Lives, runOf } from './lives.js'
import type { SleepCourses } from './sleep-courses.js'
import type { Waking } from './waking.js'

/** Callers that may wait at once for databases to sleep or wake; each holds a request open already. */
const MAX_ASKS = 2_000
/** How often open asks are looked at. */
const LOOK_AGAIN_MS = 100

interface LifeAsk {
  readonly askId: string
  readonly wanted: 'asleep' | 'awake'
  readonly name: string
  /** The run in which it was asked. */
  readonly run: number
  readonly deadlineMs: number
}

/** Users who want a database asleep, or awake, now. */
export class LifeAsks {
  readonly #lives: Lives
  readonly #courses: SleepCourses
  readonly #waking: Waking
  readonly #asks = new Map<string, LifeAsk>()
  #lookAtMs = 0

  constructor(lives: Lives, courses: SleepCourses, waking: Waking) {
    this.#lives = lives
    this.#courses = courses
    this.#waking = waking
  }

  ask(askId: string, name: string, wanted: LifeAsk['wanted']): void {
    const { context } = this.#lives
    const life = this.#lives.get(name)
    const refuse = (error: DbClusterError): void => this.#answer(askId, { ok: false, error })
    if (context.usable(name) === undefined)
      return refuse(new DbClusterError('DATABASE_NOT_FOUND', `there is no database ${name}`))
    if (life === undefined)
      return refuse(
        new DbClusterError('NOT_REPLICA', `this node holds no replica of ${name}`, { hint: 'ask one that does' }),
      )
    if (this.#asks.size >= MAX_ASKS)
      return refuse(new DbClusterError('OVERLOADED', `${MAX_ASKS} callers wait for databases already`))
    const limitMs = wanted === 'asleep' ? LIFE_TIMING.sleepLimitMs : LIFE_TIMING.wakeLimitMs
    const ask: LifeAsk = { askId, name, wanted, run: life.run, deadlineMs: context.nowMs + limitMs }
    this.#asks.set(askId, ask)
    this.#lookAtMs = context.nowMs + LOOK_AGAIN_MS
    this.#look(ask)
  }

  /** Something about this database changed. */
  onChanged(name: string): void {
    for (const ask of [...this.#asks.values()]) if (ask.name === name) this.#look(ask)
  }

  onSleepRefused(name: string, error: DbClusterError): void {
    for (const ask of [...this.#asks.values()]) {
      if (ask.name === name && ask.wanted === 'asleep') this.#answer(ask.askId, { ok: false, error })
    }
  }

  tick(): void {
    const { nowMs } = this.#lives.context
    if (this.#asks.size === 0 || nowMs < this.#lookAtMs) return
    this.#lookAtMs = nowMs + LOOK_AGAIN_MS
    for (const ask of [...this.#asks.values()]) {
      if (nowMs >= ask.deadlineMs) this.#answer(ask.askId, { ok: false, error: late(ask, this.#lives.get(ask.name)) })
      else this.#look(ask)
    }
  }

  nextDeadlineMs(): number {
    return this.#asks.size === 0 ? Number.POSITIVE_INFINITY : this.#lookAtMs
  }

  #look(ask: LifeAsk): void {
    const life = this.#lives.get(ask.name)
    const record = this.#lives.context.usable(ask.name)
    if (record === undefined)
      return this.#answer(ask.askId, {
        ok: false,
        error: new DbClusterError('DATABASE_NOT_FOUND', `${ask.name} was deleted meanwhile`),
      })
    if (life === undefined)
      return this.#answer(ask.askId, {
        ok: false,
        error: new DbClusterError('NOT_REPLICA', `the replica of ${ask.name} has left this node meanwhile`, {
          hint: 'ask a node that holds one',
        }),
      })
    const done = ask.wanted === 'asleep' ? this.#isAsleep(life) : isServing(life)
    if (done) return this.#answer(ask.askId, { ok: true, record, created: false })
    if (ask.wanted === 'asleep') return this.#pursueSleep(ask, life)
    if (life.phase !== 'waking' && life.phase !== 'awake') this.#waking.wake(life)
  }

  #pursueSleep(ask: LifeAsk, life: Life): void {
    if (life.run > ask.run) {
      const error = new DbClusterError('CONFLICT', `${ask.name} was not sent to sleep: a query woke it meanwhile`, {
        hint: 'try again when no query is under way',
      })
      return this.#answer(ask.askId, { ok: false, error })
    }
    // Whoever still comes up, after a wake of a moment ago, can promise nothing yet.
    if (life.phase !== 'awake' || !life.ready || this.#comesUpElsewhere(life)) return
    if (!this.#courses.has(life.name)) this.#courses.begin(life, true)
  }

  #comesUpElsewhere(life: Life): boolean {
    return this.#lives.others(life).some(({ peerId }) => {
      const state = this.#lives.stateOf(life, peerId)
      if (state === undefined || !this.#lives.context.isLive(peerId)) return false
      return state.status === 'starting' || (state.status === 'stopped' && runOf(state) < life.run)
    })
  }

  /** What is lost has no process, and never reports that it stopped. */
  #isAsleep(life: Life): boolean {
    if (life.phase !== 'asleep') return false
    return this.#lives.others(life).every(({ peerId }) => {
      const state = this.#lives.stateOf(life, peerId)
      if (state?.status === 'lost') return true
      return state?.status === 'stopped' && runOf(state) >= life.run
    })
  }

  #answer(askId: string, result: AskResult): void {
    this.#asks.delete(askId)
    this.#lives.context.emit({ type: 'answer', askId, result })
  }
}

const isServing = (life: Life): boolean =>
  (life.phase === 'awake' && life.ready && life.closed !== true) || (life.phase === 'waking' && life.passing)

const late = ({ name, wanted }: LifeAsk, life: Life | undefined): DbClusterError => {
  if (wanted === 'awake')
    return new DbClusterError('DATABASE_WAKING', `${name} did not wake within ${LIFE_TIMING.wakeLimitMs} ms`, {
      hint: 'the status of the database shows its replicas; the logs of their nodes say what keeps them',
      details: { retry_after: 2 },
    })
  const limit = `${LIFE_TIMING.sleepLimitMs} ms`
  if (life?.phase === 'awake' || life?.phase === 'waking')
    return new DbClusterError(
      'CONFLICT',
      `${name} was not sent to sleep: its replicas were not all up within ${limit}`,
      {
        hint: 'the status of the database shows which are not; the logs of their nodes say what keeps them',
      },
    )
  return new DbClusterError('TIMEOUT', `not all replicas of ${name} had stopped after ${limit}`, {
    hint: 'the status of the database shows which: they are stopped as soon as they can be',
  })
}
