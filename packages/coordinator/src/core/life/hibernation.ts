import type { DatabaseRecord, NodeMessageOf, RaftPosition, StopRecord } from '@dbcluster/protocol'
import type { ReplicaRun } from '../events.js'
import { type AwakeLife, LIFE_TABLE, type Life, type PromisedLife, type StoppingLife } from './life.js'
import { LIFE_TIMING } from './life-timing.js'
import { keyOf, type Lives, runOf } from './lives.js'
import type { Waking } from './waking.js'

/** A replica's side of falling asleep: it notices that it is idle, promises, and stops when all have promised. */
export class Hibernation {
  readonly #lives: Lives
  readonly #waking: Waking
  /** Told of each replica here that fell asleep. */
  readonly #onAsleep: (life: Life) => void

  constructor(lives: Lives, waking: Waking, onAsleep: (life: Life) => void) {
    this.#lives = lives
    this.#waking = waking
    this.#onAsleep = onAsleep
  }

  onIdleChecked({ name, inFlight, idleMs }: { name: string; inFlight: number; idleMs: number }): void {
    const life = this.#lives.get(name)
    if (life?.phase !== 'awake') return
    const { context } = this.#lives
    const { hibernationTimeoutMs } = context.config
    if (inFlight > 0 || idleMs < hibernationTimeoutMs) {
      const leftMs = inFlight > 0 ? hibernationTimeoutMs : hibernationTimeoutMs - idleMs
      const checkAtMs = context.nowMs + Math.max(LIFE_TIMING.checkAtLeastMs, leftMs)
      return this.#lives.set({ ...life, idle: false, checkAtMs })
    }
    if (!life.idle)
      context.log('info', 'Database is idle', { database: name, idle_time: `${Math.round(idleMs / 1_000)}s` })
    this.#lives.set({ ...life, idle: true, checkAtMs: context.nowMs + LIFE_TIMING.idleAgainMs })
    const message = { type: 'DATABASE_IDLE_NOTIFICATION', ...keyOf(life), idleMs: Math.round(idleMs) } as const
    this.#lives.tell(life, message, { self: true, publish: !life.idle })
  }

  onPrepare(from: string, message: NodeMessageOf<'DATABASE_SLEEP_PREPARE'>): void {
    const { context } = this.#lives
    const known = this.#lives.of(message)
    if (known !== undefined && message.run > known.run) this.#waking.want(known, message.run)
    const life = this.#lives.of(message)
    const refuse = (reason: string, atRun?: number): void =>
      context.send(from, { ...answerTo(message), promised: false, reason, ...(atRun === undefined ? {} : { atRun }) })
    if (life === undefined) return refuse('it holds no replica', message.run)
    if (life.run > message.run) return refuse('it is in a later run', life.run)
    if (life.phase === 'stopping' || life.phase === 'asleep') {
      refuse('it sleeps', life.run)
      return context.send(from, { type: 'DATABASE_SLEEP_TOLD', ...keyOf(life), asleep: true })
    }
    if (life.phase === 'waking' || !life.ready) return refuse('its replica is starting', life.run)
    const { hibernationTimeoutMs } = context.config
    if (!message.demand && hibernationTimeoutMs === 0) return refuse('its hibernation_timeout is 0', life.run)
    const awakeFor = message.demand ? undefined : this.#lives.host.staysAwakeFor(life.name)
    if (awakeFor !== undefined) return refuse(awakeFor, life.run)
    if (life.phase === 'promised' && (life.attempt !== message.attempt || life.coordinator !== from)) {
      return refuse('it has promised to another coordinator')
    }
    const promised = this.#promise(life, {
      attempt: message.attempt,
      coordinator: from,
      follows: false,
      demand: message.demand,
    })
    this.#hold(promised, message.demand ? 0 : hibernationTimeoutMs)
  }

  onQueriesHeld({ held, raft, ...of }: ReplicaRun & { attempt: number; held: boolean; raft?: RaftPosition }): void {
    const life = this.#lives.of(of)
    // Meanwhile a query came, or a later run: the gate was opened again by whoever moved on.
    if (life?.phase !== 'promised' || life.run !== of.run || life.attempt !== of.attempt) return
    if (life.follows) return this.#onFollowing(life, held)
    const reply = { type: 'DATABASE_SLEEP_PROMISE', ...keyOf(life), attempt: life.attempt } as const
    if (held && raft !== undefined) {
      this.#lives.set({ ...life, held: true })
      return this.#lives.context.send(life.coordinator, { ...reply, promised: true, raft })
    }
    this.#release(life)
    const reason = held ? 'its rqlited does not answer' : 'queries are under way'
    this.#lives.context.send(life.coordinator, { ...reply, promised: false, reason })
  }

  onAbort(from: string, message: NodeMessageOf<'DATABASE_SLEEP_ABORT'>): void {
    const life = this.#lives.of(message)
    if (life?.phase === 'promised' && life.attempt === message.attempt && life.coordinator === from) this.#release(life)
  }

  onCommit(from: string, message: NodeMessageOf<'DATABASE_SHUTDOWN_COORDINATED'>): void {
    const life = this.#lives.of(message)
    if (life?.phase !== 'promised' || life.run !== message.run) return
    if (life.attempt !== message.attempt || life.coordinator !== from) return
    const leads = message.leader === this.#lives.ownRaftId(life) && this.#lives.others(life).length > 0
    this.#stop(life, leads ? LIFE_TIMING.leaderWaitMs : 0)
  }

  onAsk(from: string, message: NodeMessageOf<'DATABASE_SLEEP_ASK'>): void {
    const life = this.#lives.of(message)
    if (life === undefined) return
    const asleep = life.phase === 'asleep' || life.phase === 'stopping'
    this.#lives.context.send(from, { type: 'DATABASE_SLEEP_TOLD', ...keyOf(life), asleep })
  }

  onTold(_from: string, message: NodeMessageOf<'DATABASE_SLEEP_TOLD'>): void {
    const life = this.#lives.of(message)
    if (life === undefined) return
    if (!message.asleep) return this.#waking.want(life, message.run)
    if (message.run >= life.run) this.#follow(life)
  }

  onSlept({ record, ...of }: ReplicaRun & { record?: StopRecord }): void {
    const life = this.#lives.of(of)
    if (life?.phase !== 'stopping') return
    const { context, host } = this.#lives
    const asleep = { ...keyOf(life), phase: 'asleep' } as const
    this.#lives.set(asleep)
    host.amend(life.name, { run: life.run, asleep: true })
    host.report(life.name, { status: 'stopped', run: life.run })
    context.log('info', 'Database hibernated successfully', {
      database: life.name,
      run: life.run,
      recorded: record !== undefined,
    })
    this.#onAsleep(asleep)
    if (life.wantedRun > life.run) this.#waking.resume(asleep, life.wantedRun, life.wantedAtMs)
  }

  /** Others stopped: the leader may. Others are asleep in our run: so shall we be. */
  onRecord(record: DatabaseRecord): void {
    const life = this.#lives.get(record.name)
    if (life === undefined) return
    if (life.phase === 'stopping') {
      if (!life.told && this.#othersStopped(life)) this.#sleep(life)
      return
    }
    const asleep = this.#lives.others(life).some(({ peerId }) => {
      const state = this.#lives.stateOf(life, peerId)
      return state?.status === 'stopped' && runOf(state) >= life.run
    })
    if (asleep) this.#follow(life)
  }

  tick(): void {
    const { nowMs, config } = this.#lives.context
    for (const life of this.#lives.all()) {
      if (life.phase === 'awake' && life.ready && config.hibernationTimeoutMs > 0 && nowMs >= life.checkAtMs) {
        this.#lives.set({ ...life, checkAtMs: nowMs + LIFE_TIMING.idleAgainMs })
        this.#lives.context.emit({ type: 'checkIdle', name: life.name })
      } else if (life.phase === 'promised' && nowMs >= life.askAtMs) this.#ask(life)
      else if (life.phase === 'stopping' && !life.told && nowMs >= life.stopAtMs) this.#sleep(life)
    }
  }

  nextDeadlineMs(): number {
    const { hibernationTimeoutMs } = this.#lives.context.config
    let earliestMs = Number.POSITIVE_INFINITY
    for (const life of this.#lives.all()) {
      if (life.phase === 'awake' && life.ready && hibernationTimeoutMs > 0)
        earliestMs = Math.min(earliestMs, life.checkAtMs)
      if (life.phase === 'promised') earliestMs = Math.min(earliestMs, life.askAtMs)
      if (life.phase === 'stopping' && !life.told) earliestMs = Math.min(earliestMs, life.stopAtMs)
    }
    return earliestMs
  }

  #promise(
    life: AwakeLife | PromisedLife,
    more: Pick<PromisedLife, 'attempt' | 'coordinator' | 'follows' | 'demand'>,
  ): PromisedLife {
    const promised: PromisedLife = {
      ...keyOf(life),
      phase: 'promised',
      ready: life.ready,
      ...(life.moved === undefined ? {} : { moved: life.moved }),
      ...more,
      held: false,
      askAtMs: this.#lives.context.nowMs + LIFE_TIMING.askAfterMs,
      asks: 0,
    }
    this.#lives.set(promised)
    return promised
  }

  #hold(life: PromisedLife, idleForMs: number): void {
    this.#lives.context.emit({ type: 'holdQueries', ...keyOf(life), attempt: life.attempt, idleForMs })
  }

  /** The promise is void: queries pass again, in the same run. */
  #release(life: PromisedLife): void {
    const { nowMs } = this.#lives.context
    const { ready, moved } = life
    const awake = {
      ...keyOf(life),
      phase: 'awake',
      ready,
      idle: false,
      checkAtMs: nowMs + LIFE_TIMING.checkAtLeastMs,
      callAtMs: nowMs,
    } as const
    this.#lives.set({ ...awake, ...(moved === undefined ? {} : { moved }) })
    this.#lives.context.emit({ type: 'openGate', name: life.name, woke: false })
  }

  /** Another replica is asleep in this run: COMMIT was said. */
  #follow(life: Life): void {
    if (life.phase === 'promised' && !life.follows) {
      if (life.held) return this.#stop(life, 0)
      return void this.#lives.set({ ...life, follows: true })
    }
    if (life.phase !== 'awake') return
    const attempt = Number.parseInt(this.#lives.context.freshId().slice(-12), 16) + 1
    const coordinator = this.#lives.context.self.peerId
    this.#hold(this.#promise(life, { attempt, coordinator, follows: true, demand: true }), 0)
  }

  #onFollowing(life: PromisedLife, held: boolean): void {
    if (held) return this.#stop(life, 0)
    // A query is under way here: that is for everybody to be awake.
    this.#waking.wake(life)
  }

  #stop(life: PromisedLife, leaderWaitMs: number): void {
    if (LIFE_TABLE[life.phase].commitSeen !== 'stopping') return
    const { nowMs } = this.#lives.context
    const stopping: StoppingLife = {
      ...keyOf(life),
      phase: 'stopping',
      stopAtMs: nowMs + leaderWaitMs,
      told: false,
      wantedRun: 0,
      wantedAtMs: 0,
    }
    this.#lives.set(stopping)
    if (leaderWaitMs === 0 || this.#othersStopped(stopping)) this.#sleep(stopping)
  }

  #sleep(life: StoppingLife): void {
    this.#lives.set({ ...life, told: true })
    this.#lives.context.emit({ type: 'sleepReplica', ...keyOf(life) })
  }

  #othersStopped(life: StoppingLife): boolean {
    return this.#lives.others(life).every(({ peerId }) => {
      const state = this.#lives.stateOf(life, peerId)
      return state?.status === 'stopped' && runOf(state) >= life.run
    })
  }

  /** Nothing was heard of the attempt: the others are asked, and without proof of COMMIT everybody goes on. */
  #ask(life: PromisedLife): void {
    if (life.asks >= LIFE_TIMING.asks) return this.#waking.wake(life)
    const { nowMs } = this.#lives.context
    this.#lives.set({ ...life, asks: life.asks + 1, askAtMs: nowMs + LIFE_TIMING.askAgainMs })
    this.#lives.tell(life, { type: 'DATABASE_SLEEP_ASK', ...keyOf(life) })
  }
}

const answerTo = ({ name, clusterId, run, attempt }: NodeMessageOf<'DATABASE_SLEEP_PREPARE'>) =>
  ({ type: 'DATABASE_SLEEP_PROMISE', name, clusterId, run, attempt }) as const
