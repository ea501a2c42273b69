import { type DatabaseRecord, DbClusterError, type NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { OperatorResult, ReplicaSurvey } from './repair-events.js'

/** How long what is left is waited for. */
const SURVEY_MS = 4_000
/** How long the chosen replica may take to serve alone. */
const RECOVER_MS = 25_000

/** What one node's replica holds. */
interface Survivor {
  readonly peerId: string
  readonly lastIndex: number
  readonly lastTerm: number
  readonly unusable: string | undefined
}

interface Ask {
  readonly name: string
  readonly clusterId: string
  readonly confirmed: boolean
  readonly asked: readonly string[]
  readonly survivors: Survivor[]
  hasLeader: boolean
  untilMs: number
  /** The recovery that was ordered, and of whom. */
  ordered?: { readonly recovery: number; readonly peerId: string }
}

/** What recovery needs of the other parts. */
export interface RecoveryComponents {
  /** Starts this node's replica as a cluster of one. @returns why not; undefined when it is started */
  readonly recover: (name: string, clusterId: string, recovery: number) => string | undefined
  /** Why this node's replica cannot be taken; undefined when it can. */
  readonly unusable: (name: string, clusterId: string) => string | undefined
}

/**
 * Recovery of a database that lost its majority for good, by an operator's word alone: of the replicas that are left
 * the one with the most goes on as a cluster of one, in a new history that no replica of the old one belongs to.
 */
export class Recovery {
  readonly #context: CoreContext
  readonly #components: RecoveryComponents
  readonly #asks = new Map<string, Ask>()
  readonly #surveys = new Map<string, { readonly from: string; readonly name: string; readonly clusterId: string }>()

  constructor(context: CoreContext, components: RecoveryComponents) {
    this.#context = context
    this.#components = components
  }

  ask(askId: string, { name, confirmed }: { readonly name: string; readonly confirmed: boolean }): void {
    const record = this.#context.usable(name)
    if (record === undefined)
      return this.#answer(askId, { ok: false, error: new DbClusterError('DATABASE_NOT_FOUND', `there is no ${name}`) })
    const { clusterId } = record.decree
    const asked = placedOn(record).filter((peerId) => this.#context.isLive(peerId))
    const untilMs = this.#context.nowMs + SURVEY_MS
    this.#asks.set(askId, { name, clusterId, confirmed, asked, survivors: [], hasLeader: false, untilMs })
    for (const peerId of asked)
      this.#context.send(peerId, { type: 'DATABASE_RECOVER_ASK', name, clusterId, recoverId: askId })
    if (asked.length === 0) this.#conclude(askId)
  }

  onAsk(from: string, { name, clusterId, recoverId }: NodeMessageOf<'DATABASE_RECOVER_ASK'>): void {
    if (!this.#context.isMember(from)) return
    const unusable = this.#components.unusable(name, clusterId)
    if (unusable !== undefined) {
      const nothing = { lastIndex: 0, lastTerm: 0, hasLeader: false }
      return this.#context.send(from, {
        type: 'DATABASE_RECOVER_TOLD',
        name,
        clusterId,
        recoverId,
        unusable,
        ...nothing,
      })
    }
    this.#surveys.set(recoverId, { from, name, clusterId })
    this.#context.emit({ type: 'surveyReplica', name, surveyId: recoverId })
  }

  onSurveyed(surveyId: string, survey: ReplicaSurvey | undefined): void {
    const known = this.#surveys.get(surveyId)
    this.#surveys.delete(surveyId)
    if (known === undefined) return
    const { from, name, clusterId } = known
    const told = survey ?? { lastIndex: 0, lastTerm: 0, hasLeader: false }
    this.#context.send(from, {
      type: 'DATABASE_RECOVER_TOLD',
      name,
      clusterId,
      recoverId: surveyId,
      ...told,
      ...(survey === undefined ? { unusable: 'its rqlited does not answer' } : {}),
    })
  }

  onTold(from: string, message: NodeMessageOf<'DATABASE_RECOVER_TOLD'>): void {
    const ask = this.#asks.get(message.recoverId)
    if (ask === undefined || ask.ordered !== undefined || !ask.asked.includes(from)) return
    const { lastIndex, lastTerm, unusable, hasLeader } = message
    ask.hasLeader ||= hasLeader
    ask.survivors.push({ peerId: from, lastIndex, lastTerm, unusable })
    if (ask.survivors.length === ask.asked.length) this.#conclude(message.recoverId)
  }

  onDo(from: string, { name, clusterId, recovery }: NodeMessageOf<'DATABASE_RECOVER_DO'>): void {
    if (!this.#context.isMember(from)) return
    const refusal = this.#components.recover(name, clusterId, recovery)
    const about = { database: name, recovery }
    if (refusal === undefined)
      this.#context.log('warn', 'Recovering a database from this replica alone, by an operator’s word', about)
    else this.#context.log('warn', 'A database is not recovered from this replica', { ...about, reason: refusal })
  }

  tick(): void {
    for (const [askId, ask] of [...this.#asks]) {
      if (ask.ordered !== undefined && this.#isRecovered(ask)) this.#finish(askId, ask)
      else if (this.#context.nowMs < ask.untilMs) continue
      else if (ask.ordered === undefined) this.#conclude(askId)
      else this.#answer(askId, { ok: false, error: tooLate(ask.name, ask.ordered.peerId) })
    }
  }

  nextDeadlineMs(): number {
    const soon = [...this.#asks.values()].map((ask) =>
      ask.ordered === undefined ? ask.untilMs : Math.min(ask.untilMs, this.#context.nowMs + 200),
    )
    return Math.min(Number.POSITIVE_INFINITY, ...soon)
  }

  #conclude(askId: string): void {
    const ask = this.#asks.get(askId)
    const record = ask === undefined ? undefined : this.#context.usable(ask.name)
    if (ask === undefined || record === undefined) return
    if (ask.hasLeader) return this.#answer(askId, { ok: false, error: hasLeader(ask.name) })
    const usable = ask.survivors.filter((survivor) => survivor.unusable === undefined).sort(byAmount)
    const [best] = usable
    if (!ask.confirmed || best === undefined)
      return this.#answer(askId, { ok: true, details: describe(record, ask, best) })
    const recovery = (record.placement?.recovery ?? 0) + 1
    ask.ordered = { recovery, peerId: best.peerId }
    ask.untilMs = this.#context.nowMs + RECOVER_MS
    const { name, clusterId } = ask
    this.#context.send(best.peerId, { type: 'DATABASE_RECOVER_DO', name, clusterId, recoverId: askId, recovery })
  }

  #isRecovered({ name, ordered }: Ask): boolean {
    return (this.#context.usable(name)?.placement?.recovery ?? 0) >= (ordered?.recovery ?? 1)
  }

  #finish(askId: string, ask: Ask): void {
    const record = this.#context.usable(ask.name)
    if (record === undefined) return
    const best = ask.survivors.find((survivor) => survivor.peerId === ask.ordered?.peerId)
    this.#answer(askId, { ok: true, details: { ...describe(record, ask, best), recovered: true } })
  }

  #answer(askId: string, result: OperatorResult): void {
    this.#asks.delete(askId)
    this.#context.emit({ type: 'operatorAnswer', askId, result })
  }
}

const placedOn = ({ placement, decree }: DatabaseRecord): readonly string[] =>
  (placement?.replicas ?? decree.replicas).map((replica) => replica.peerId)

/** The most first: as Raft votes, by term, then by index. */
const byAmount = (a: Survivor, b: Survivor): number => b.lastTerm - a.lastTerm || b.lastIndex - a.lastIndex

const describe = (record: DatabaseRecord, ask: Ask, best: Survivor | undefined): Readonly<Record<string, unknown>> => ({
  survivors: [...ask.survivors].sort(byAmount).map(({ peerId, lastIndex, lastTerm, unusable }) => ({
    peer_id: peerId,
    last_index: lastIndex,
    last_term: lastTerm,
    ...(unusable === undefined ? {} : { unusable }),
  })),
  missing: placedOn(record).filter((peerId) => !ask.survivors.some((survivor) => survivor.peerId === peerId)),
  chosen: best?.peerId ?? null,
  recovered: false,
})

const hasLeader = (name: string): DbClusterError =>
  new DbClusterError('CONFLICT', `${name} has a leader: there is nothing to recover`, {
    hint: 'a dead replica is replaced by itself; see the log of the leader’s node if it is not',
  })

const tooLate = (name: string, peerId: string): DbClusterError =>
  new DbClusterError('TIMEOUT', `the replica of ${name} on ${peerId} did not serve within ${RECOVER_MS} ms`, {
    hint: 'see the log of that node, then ask again',
  })
