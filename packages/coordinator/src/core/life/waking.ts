import type { DatabaseRecord, NodeMessageOf } from '@dbcluster/protocol'
import { LIFE_TABLE, type Life, type WakingLife } from './life.js'
import { LIFE_TIMING } from './life-timing.js'
import { keyOf, type Lives, runOf } from './lives.js'
import type { WakeCourse } from './wake-course.js'

/** Brings replicas here up again: after a sleep, a failed start, or on another run's call. */
export class Waking {
  readonly #lives: Lives
  readonly #course: WakeCourse
  /** Told of each life that became ready. */
  readonly #onAwake: (life: Life) => void

  constructor(lives: Lives, course: WakeCourse, onAwake: (life: Life) => void) {
    this.#lives = lives
    this.#course = course
    this.#onAwake = onAwake
  }

  /** A query waits at the gate of a replica here: everybody is to be awake in the next run. */
  onQueryHeld(name: string): void {
    const life = this.#lives.get(name)
    if (life === undefined) return this.#open(name, false)
    switch (life.phase) {
      case 'awake':
        return life.closed === true ? this.#openWithMajority(name) : this.#open(name, false)
      case 'waking':
        return
      case 'promised':
      case 'stopping':
      case 'asleep':
        return this.wake(life)
    }
  }

  /** Wakes this database, everywhere, in a run that nobody has slept in yet. */
  wake(life: Life): void {
    const { context } = this.#lives
    const others = this.#lives.others(life).flatMap(({ peerId }) => this.#lives.stateOf(life, peerId) ?? [])
    const asleep = Math.max(life.run, ...others.filter(({ status }) => status === 'stopped').map(runOf))
    const run = Math.max(asleep + 1, ...others.map(runOf))
    if (life.phase === 'stopping' && life.wantedRun >= run) return
    context.log('debug', 'Waking a database', { database: life.name, run, from: life.phase })
    const request = { type: 'DATABASE_WAKEUP_REQUEST', ...keyOf(life), run } as const
    this.#lives.tell(life, request, { publish: true })
    this.want(life, run)
  }

  onRequest(from: string, message: NodeMessageOf<'DATABASE_WAKEUP_REQUEST'>): void {
    const life = this.#lives.of(message)
    if (life === undefined || from === this.#lives.context.self.peerId) return
    if (message.run > life.run) {
      if (life.phase === 'asleep') this.#lives.context.log('info', 'Received wakeup request', { database: life.name })
      return this.want(life, message.run)
    }
    if (life.phase === 'asleep' && message.run < life.run) this.#teach(from, life)
  }

  /** Another replica is awake in this run, or a query wants it: so are we, without a restart where we still run. */
  want(life: Life, run: number): void {
    if (run <= life.run) return
    const { nowMs } = this.#lives.context
    if (LIFE_TABLE[life.phase].runWanted === 'waking' && life.phase === 'asleep')
      return this.#course.begin(life, run, nowMs)
    switch (life.phase) {
      case 'asleep':
        return
      case 'stopping':
        if (life.wantedRun < run) this.#lives.set({ ...life, wantedRun: run, wantedAtMs: life.wantedAtMs || nowMs })
        return
      case 'waking':
        this.#lives.set({ ...life, run })
        if (life.stage === 'starting') this.#lives.host.amend(life.name, { run })
        if (life.own !== undefined) this.#course.tellPorts({ ...life, run }, true)
        return
      case 'awake':
      case 'promised': {
        const { ready, moved } = life
        const resumed = {
          ...keyOf(life),
          run,
          phase: 'awake',
          ready,
          idle: false,
          checkAtMs: nowMs,
          callAtMs: nowMs,
        } as const
        const closed = life.phase === 'promised' || life.closed === true ? { closed: true } : {}
        this.#lives.set({ ...resumed, ...closed, ...(moved === undefined ? {} : { moved }) })
        this.#lives.host.amend(life.name, { run })
        const status = ready ? 'active' : 'starting'
        this.#lives.host.report(life.name, { status, run })
        if (life.phase === 'promised') this.#openWithMajority(life.name)
      }
    }
  }

  /** The process has stopped, and a query waits for the next run already. */
  resume(life: Life & { readonly phase: 'asleep' }, run: number, sinceMs: number): void {
    this.#course.begin(life, run, sinceMs)
  }

  /** @returns whether it was a wake that ended here */
  onReady(life: Life): void {
    if (life.phase !== 'waking') return
    const { context, host } = this.#lives
    const at = life.own?.address
    const atHome = life.own?.kept === true || at?.raftPort === this.#lives.home(life.name).raftPort
    const moved =
      at === undefined || atHome || life.start?.kind === 'rejoin'
        ? undefined
        : { host: at.host, httpPort: at.httpPort, raftPort: at.raftPort }
    const { nowMs } = context
    const awake: Life = {
      ...keyOf(life),
      phase: 'awake',
      ready: true,
      idle: false,
      checkAtMs: nowMs,
      callAtMs: nowMs,
      ...(moved === undefined ? {} : { moved }),
    }
    this.#lives.set(awake)
    if (life.start?.kind === 'rejoin' && at !== undefined)
      host.amend(life.name, { address: { host: at.host, httpPort: at.httpPort, raftPort: at.raftPort } })
    host.report(life.name, { status: 'active', run: life.run })
    context.log('info', 'Database woke up successfully', {
      database: life.name,
      run: life.run,
      duration_ms: Math.round(nowMs - life.sinceMs),
    })
    this.#open(life.name, true)
    this.#onAwake(awake)
  }

  onPorts(from: string, message: NodeMessageOf<'DATABASE_WAKE_PORTS'>): void {
    const life = this.#lives.of(message)
    if (life !== undefined && message.run > life.run) this.want(life, message.run)
    if (life !== undefined) this.#course.onReport(from, message)
  }

  /** Something changed about the other replicas. */
  onRecord(record: DatabaseRecord): void {
    const life = this.#lives.get(record.name)
    if (life === undefined || this.#lives.record(life) === undefined) return
    let latest = life.run
    let behind = false
    for (const { peerId } of this.#lives.others(life)) {
      const state = this.#lives.stateOf(life, peerId)
      if (state?.status === 'stopped' && runOf(state) < life.run) behind = true
      // Whoever is awake, or comes up, in a later run takes us along.
      if (state !== undefined && (state.status === 'active' || state.status === 'starting'))
        latest = Math.max(latest, runOf(state))
    }
    if (latest > life.run) this.want(life, latest)
    const now = this.#lives.get(record.name)
    if (now?.phase === 'waking') this.#course.evaluate(now)
    if (now?.phase === 'awake' && now.closed === true) this.#openWithMajority(now.name)
    if (now?.phase === 'awake' && behind && now.callAtMs === Number.POSITIVE_INFINITY) {
      this.#lives.set({ ...now, callAtMs: this.#lives.context.nowMs + LIFE_TIMING.callAgainMs })
    }
  }

  /**
   * The rqlited here has known no leader for long. Where the others serve, its configuration and theirs have come apart,
   * as when it missed that they took new addresses: joining them puts an entry into the log that brings both together.
   */
  onStranded(name: string): void {
    const life = this.#lives.get(name)
    if (life === undefined || this.#lives.host.replica(name)?.role !== undefined) return
    const runs = life.phase === 'awake' || (life.phase === 'waking' && life.stage === 'starting')
    if (!runs || !this.#lives.servedWithout(life) || this.#lives.isStruckOff(life)) return
    this.#lives.context.log('warn', 'A replica has lost sight of the others, and joins them anew', { database: name })
    this.#course.again(life, life.phase === 'waking' ? life.failures : 0, true)
  }

  tick(): void {
    const { nowMs } = this.#lives.context
    for (const life of this.#lives.all()) {
      if (life.phase === 'awake') {
        if (nowMs < life.callAtMs) continue
        // It works for as long as it leads where nobody reaches it; now it looks for its old ports, or joins the others.
        if (life.moved !== undefined && this.#lives.servedWithout(life)) this.#course.again(life, 0)
        else this.#callSleepers(life)
      } else if (life.phase === 'waking') {
        if (nowMs >= life.tellAtMs) this.#remind(life)
        const current = this.#lives.get(life.name)
        if (current?.phase === 'waking' && nowMs >= current.stageUntilMs) this.#course.onStageOver(current)
      }
    }
  }

  nextDeadlineMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const life of this.#lives.all()) {
      if (life.phase === 'awake') earliestMs = Math.min(earliestMs, life.callAtMs)
      if (life.phase === 'waking') earliestMs = Math.min(earliestMs, life.tellAtMs, life.stageUntilMs)
    }
    return earliestMs
  }

  /** What was lost is said again: who is to be awake, and where we are. */
  #remind(life: WakingLife): void {
    const next: WakingLife = { ...life, tellAtMs: this.#lives.context.nowMs + LIFE_TIMING.callAgainMs }
    this.#lives.set(next)
    if (life.own !== undefined) this.#course.tellPorts(next, true)
    else this.#callSleepers(next)
  }

  #callSleepers(life: Life): void {
    const { context } = this.#lives
    let missing = false
    for (const { peerId } of this.#lives.others(life)) {
      const state = this.#lives.stateOf(life, peerId)
      if (state?.status !== 'stopped' || runOf(state) >= life.run) continue
      missing = true
      if (context.isLive(peerId)) context.send(peerId, { type: 'DATABASE_WAKEUP_REQUEST', ...keyOf(life) })
    }
    if (life.phase !== 'awake') return
    const later = life.moved === undefined ? Number.POSITIVE_INFINITY : context.nowMs + LIFE_TIMING.movedMs
    this.#lives.set({ ...life, callAtMs: missing ? context.nowMs + LIFE_TIMING.callAgainMs : later })
  }

  /** It speaks of a run that is over: what we know brings it up to date. */
  #teach(peerId: string, life: Life): void {
    const record = this.#lives.record(life)
    if (record !== undefined) this.#lives.context.sendRecords(peerId, [record])
  }

  /**
   * A replica that went on in the next run may be the only one that runs, if the others heard COMMIT first: as leader it
   * would take a write, find no majority, and leave its caller without an outcome.
   */
  #openWithMajority(name: string): void {
    const life = this.#lives.get(name)
    if (life?.phase !== 'awake') return
    const majority = Math.floor(this.#lives.placed(life).length / 2) + 1
    if (this.#lives.activeOthers(life) + (life.ready ? 1 : 0) < majority) return
    const { closed: _, ...open } = life
    this.#lives.set(open)
    this.#open(name, false)
    this.#onAwake(open)
  }

  #open(name: string, woke: boolean): void {
    this.#lives.context.emit({ type: 'openGate', name, woke })
  }
}
