import type { NodeMessageOf, StopRecord } from '@dbcluster/protocol'
import type { PortOffer, ReplicaRun } from '../events.js'
import type { Life, WakeReport, WakingLife } from './life.js'
import { LIFE_TIMING } from './life-timing.js'
import { keyOf, type Lives } from './lives.js'
import { decideWake, expectedElsewhere, isExpectedHere, type WakeSituation } from './wake-decision.js'

/** The way of one replica from its ports to the start of its rqlited, told and heard among all replicas. */
export class WakeCourse {
  readonly #lives: Lives

  constructor(lives: Lives) {
    this.#lives = lives
  }

  begin(life: Life, run: number, sinceMs: number): void {
    const joins = life.phase === 'waking' && life.joins === true
    const waking = { ...this.#fresh(life, run, sinceMs), ...(joins ? { joins } : {}) }
    this.#lives.set(waking)
    this.#lives.context.emit({ type: 'leaseWakePorts', ...keyOf(waking), preferred: this.#lives.home(life.name) })
  }

  evaluate(life: WakingLife): void {
    this.#passElsewhere(life)
    const current = this.#lives.get(life.name)
    if (current?.phase !== 'waking' || current.own === undefined) return
    const { context } = this.#lives
    if (this.#lives.placed(current).length === 0 || this.#lives.isStruckOff(current)) return
    const situation = this.#situation(current, current.own)
    if (current.stage === 'starting' && current.stageUntilMs === Number.POSITIVE_INFINITY) {
      // It came up as it was before it heard of a recovery that has it elsewhere: nobody may ever find it there.
      if (current.start?.kind === 'restart' && expectedElsewhere(situation) !== undefined)
        this.#lives.set({ ...current, stageUntilMs: context.nowMs + LIFE_TIMING.movedMs })
      return
    }
    if (current.stage !== 'gathering') return
    const step = decideWake(situation)
    if (step?.kind === 'move') this.#move(current, current.own, step)
    else if (step !== undefined) this.#start(current, current.own, step)
  }

  #situation(life: WakingLife, own: WakeReport): WakeSituation {
    const { context } = this.#lives
    const others = this.#lives.others(life)
    const reports = others.flatMap(({ peerId }) => life.reports.get(peerId) ?? [])
    const heard = others.every(({ peerId }) => life.reports.has(peerId) || !context.isLive(peerId))
    const everybody = reports.length === others.length
    return {
      voters: this.#lives.placed(life).map((replica) => replica.raftId),
      own,
      reports,
      active: this.#lives.activeOthers(life),
      // One that moved gives the others time to serve, so that it can join them.
      complete: (heard && own.kept && !everybody) || context.nowMs >= life.stageUntilMs,
      sought: life.sought === true,
    }
  }

  onStageOver(life: WakingLife): void {
    const { nowMs } = this.#lives.context
    switch (life.stage) {
      case 'pausing':
      case 'starting':
        // What was started under a strange address and found no majority looks for its old ports again; what is expected
        // elsewhere, for those.
        return this.begin(life, life.run, life.sinceMs)
      case 'gathering': {
        this.evaluate(life)
        const current = this.#lives.get(life.name)
        if (current?.phase !== 'waking' || current.stage !== 'gathering') return
        if (current.own?.kept === true && current.sought !== true)
          return this.#lives.set({ ...current, stageUntilMs: nowMs + LIFE_TIMING.reportsMs })
        return this.begin(current, current.run, current.sinceMs)
      }
      case 'leasing':
        return
    }
  }

  tellPorts(life: WakingLife, asks: boolean): void {
    if (life.own === undefined) return
    this.#lives.tell(life, { type: 'DATABASE_WAKE_PORTS', ...keyOf(life), ...wireReport(life.own), asks })
  }

  /**
   * A start failed, or a replica that ought to run does not: again, after a pause, with ports looked for anew. One that
   * `joins` the others does so wherever it comes up.
   */
  again(life: Life, failures: number, joins: boolean = life.phase === 'waking' && life.joins === true): void {
    const { nowMs } = this.#lives.context
    const pauseMs = Math.min(LIFE_TIMING.failurePauseMs * 2 ** Math.min(failures, 10), LIFE_TIMING.failurePauseMaxMs)
    this.#lives.set({
      ...this.#fresh(life, life.run, life.phase === 'waking' ? life.sinceMs : nowMs),
      stage: 'pausing',
      stageUntilMs: nowMs + pauseMs,
      failures: failures + 1,
      ...(joins ? { joins } : {}),
    })
    if (life.phase === 'promised') this.#lives.context.emit({ type: 'openGate', name: life.name, woke: false })
  }

  onPortsLeased({ offer, stopRecord, ...run }: ReplicaRun & { offer: PortOffer; stopRecord?: StopRecord }): void {
    const life = this.#waking(run)
    if (life?.stage !== 'leasing') return
    const home = this.#lives.home(life.name)
    const isHome = offer.host === home.host && offer.raftPort === home.raftPort
    const kept = isHome && !(life.joins === true && this.#lives.servedWithout(life))
    if (!isHome)
      this.#lives.context.log('warn', 'A replica wakes on other ports', {
        database: life.name,
        raft_port: offer.raftPort,
        home_port: home.raftPort,
      })
    const own: WakeReport = {
      kept,
      address: { raftId: this.#lives.ownRaftId(life), ...offer },
      ...(stopRecord === undefined ? {} : { stopRecord }),
    }
    const gathering: WakingLife = {
      ...life,
      stage: 'gathering',
      own,
      stageUntilMs: this.#lives.context.nowMs + LIFE_TIMING.reportsMs,
    }
    this.#lives.set(gathering)
    this.tellPorts(gathering, true)
    this.evaluate(gathering)
  }

  onPortsRefused({ reason, ...run }: ReplicaRun & { reason: string }): void {
    const life = this.#waking(run)
    if (life?.stage !== 'leasing') return
    this.#lives.context.log('error', 'A replica finds no ports to wake on', { database: life.name, reason })
    this.again(life, life.failures)
  }

  /** Where another replica comes up, or is up already. */
  onReport(from: string, message: NodeMessageOf<'DATABASE_WAKE_PORTS'>): void {
    const life = this.#lives.of(message)
    if (life === undefined) return
    if (message.asks) this.#answerPorts(from, life)
    if (life.phase !== 'waking' || message.run < life.run) return
    const { kept, address, stopRecord, recovery } = message
    const report: WakeReport = {
      kept,
      address,
      ...(stopRecord === undefined ? {} : { stopRecord }),
      ...(recovery === undefined ? {} : { recovery }),
    }
    const informed = { ...life, reports: new Map([...life.reports, [from, report]]) }
    this.#lives.set(informed)
    this.evaluate(informed)
  }

  #fresh(life: Life, run: number, sinceMs: number): WakingLife {
    const { nowMs } = this.#lives.context
    return {
      ...keyOf(life),
      run,
      phase: 'waking',
      stage: 'leasing',
      sinceMs,
      reports: new Map(),
      stageUntilMs: Number.POSITIVE_INFINITY,
      tellAtMs: nowMs + LIFE_TIMING.callAgainMs,
      passing: false,
      failures: life.phase === 'waking' ? life.failures : 0,
    }
  }

  #waking({ name, clusterId, run }: ReplicaRun): WakingLife | undefined {
    const life = this.#lives.of({ name, clusterId })
    // The run may have been raised since: the ports are as good.
    return life?.phase === 'waking' && life.run >= run ? life : undefined
  }

  /** The others hear where it comes up once it has these ports, or others. */
  #move(life: WakingLife, own: WakeReport, to: Pick<PortOffer, 'host' | 'raftPort'>): void {
    const { host, raftPort } = to
    const { own: _, ...moving } = life
    this.#lives.set({ ...moving, stage: 'leasing', sought: true, stageUntilMs: Number.POSITIVE_INFINITY })
    const preferred = { host, httpPort: own.address.httpPort, raftPort }
    this.#lives.context.emit({ type: 'leaseWakePorts', ...keyOf(life), preferred })
  }

  #start(life: WakingLife, own: WakeReport, start: NonNullable<WakingLife['start']>): void {
    const { host, context } = this.#lives
    const { raftId: _, ...at } = own.address
    const { stopRecord, ...running } = own
    const recovery =
      start.kind === 'recover'
        ? { recovery: [...start.peers], ...(stopRecord === undefined ? {} : { stopRecord }) }
        : {}
    const starting: WakingLife = {
      ...life,
      stage: 'starting',
      start,
      own: { ...running, ...recovery },
      stageUntilMs:
        own.kept || start.kind !== 'restart' ? Number.POSITIVE_INFINITY : context.nowMs + LIFE_TIMING.movedMs,
    }
    this.#lives.set(starting)
    // A recovery holds from the start, ours as another one's; one that joins is at its new address once it has.
    const expected = start.kind === 'restart' && isExpectedHere({ own, reports: [...life.reports.values()] })
    const isHome = start.kind === 'recover' || expected
    host.amend(life.name, { run: life.run, asleep: false, ...(isHome ? { address: at } : {}) })
    host.report(life.name, { status: 'starting', run: life.run })
    // Whoever has not decided yet counts on a recovery with us, or no more on one.
    if (start.kind === 'recover' || !own.kept) this.tellPorts(starting, false)
    if (start.kind !== 'restart')
      context.log('warn', 'A replica starts under a new address', {
        database: life.name,
        how: start.kind,
        raft_port: at.raftPort,
      })
    host.start(life.name, start, at)
  }

  /** A majority serves: whoever waits here is served there. */
  #passElsewhere(life: WakingLife): void {
    if (life.passing) return
    if (!this.#lives.servedWithout(life)) return
    this.#lives.set({ ...life, passing: true })
    this.#lives.context.emit({ type: 'openGate', name: life.name, woke: true })
  }

  #answerPorts(to: string, life: Life): void {
    const { context } = this.#lives
    const message = { type: 'DATABASE_WAKE_PORTS', ...keyOf(life), asks: false } as const
    if (life.phase === 'waking' && life.own !== undefined)
      return context.send(to, { ...message, ...wireReport(life.own) })
    if (life.phase !== 'awake' && life.phase !== 'promised') return
    const at = life.moved ?? this.#lives.home(life.name)
    context.send(to, {
      ...message,
      kept: life.moved === undefined,
      address: { raftId: this.#lives.ownRaftId(life), ...at },
    })
  }
}

const wireReport = ({
  kept,
  address,
  stopRecord,
  recovery,
}: WakeReport): Pick<NodeMessageOf<'DATABASE_WAKE_PORTS'>, 'kept' | 'address' | 'stopRecord' | 'recovery'> => ({
  kept,
  address,
  ...(stopRecord === undefined ? {} : { stopRecord }),
  ...(recovery === undefined ? {} : { recovery }),
})
