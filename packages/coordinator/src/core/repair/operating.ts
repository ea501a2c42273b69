import { type DatabaseRecord, DbClusterError, type NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { OperatorRequest, OperatorResult } from './repair-events.js'
import { wantedReplicas } from './repair-facts.js'

/** How long an operator's request may take; what was begun goes on. */
const ASK_MS = 15_000
/** How often what was asked of others is said again. */
const AGAIN_MS = 1_000
/** How long the node of a leader keeps in mind what an operator wants without hearing it again. */
const WISH_MS = 5_000
/** Requests of operators that may wait at once. */
const MAX_ASKS = 100

type Pending = Extract<OperatorRequest, { kind: 'forget' | 'setReplication' }>

interface Ask {
  readonly request: Pending
  readonly untilMs: number
  nextMs: number
}

/** What operating needs of the other parts. */
export interface OperatingComponents {
  readonly setDraining: (on: boolean) => void
  readonly hosted: () => number
  readonly forget: (peerId: string) => void
  /** Somebody wants another number of replicas: the node of the leader looks at once. */
  readonly hurry: (name: string) => void
}

/** What operators ask of a node, besides recovery: emptying it, forgetting another, replicas of a database. */
export class Operating {
  readonly #context: CoreContext
  readonly #components: OperatingComponents
  readonly #asks = new Map<string, Ask>()
  readonly #wishes = new Map<string, { readonly replicationFactor: number; readonly untilMs: number }>()

  constructor(context: CoreContext, components: OperatingComponents) {
    this.#context = context
    this.#components = components
  }

  ask(askId: string, request: Exclude<OperatorRequest, { kind: 'recover' }>): void {
    if (request.kind === 'drain') return this.#drain(askId, request.on)
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return this.#answer(askId, { ok: false, error: refusal })
    this.#asks.set(askId, { request, untilMs: this.#context.nowMs + ASK_MS, nextMs: this.#context.nowMs })
    this.tick()
  }

  /** Replicas that an operator wants of a database whose placement does not say so yet. */
  wishFor(name: string): number | undefined {
    const wish = this.#wishes.get(name)
    return wish !== undefined && this.#context.nowMs < wish.untilMs ? wish.replicationFactor : undefined
  }

  onResize(from: string, { name, clusterId, replicationFactor }: NodeMessageOf<'DATABASE_RESIZE'>): void {
    if (!this.#context.isMember(from)) return
    const record = this.#context.usable(name)
    if (record?.decree.clusterId !== clusterId || wantedReplicas(record) === replicationFactor) return
    this.#wishes.set(name, { replicationFactor, untilMs: this.#context.nowMs + WISH_MS })
    this.#components.hurry(name)
  }

  tick(): void {
    const { nowMs } = this.#context
    for (const [name, wish] of this.#wishes) if (nowMs >= wish.untilMs) this.#wishes.delete(name)
    for (const [askId, ask] of [...this.#asks]) {
      const done = this.#doneWith(ask.request)
      if (done !== undefined) this.#answer(askId, { ok: true, details: done })
      else if (nowMs >= ask.untilMs) this.#answer(askId, { ok: false, error: tooLate(ask.request) })
      else if (nowMs >= ask.nextMs) this.#push(ask)
    }
  }

  nextDeadlineMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#asks.values()].map((ask) => ask.nextMs))
  }

  /** Something changed that an operator may wait for. */
  onChange(): void {
    if (this.#asks.size > 0)
      for (const ask of this.#asks.values()) ask.nextMs = Math.min(ask.nextMs, this.#context.nowMs)
  }

  #drain(askId: string, on: boolean): void {
    this.#components.setDraining(on)
    this.#context.persist('draining', on ? true : undefined)
    this.#context.log('info', on ? 'This node is being drained' : 'This node takes replicas again', {})
    this.#answer(askId, { ok: true, details: { draining: on, databases: this.#components.hosted() } })
  }

  #push(ask: Ask): void {
    ask.nextMs = this.#context.nowMs + AGAIN_MS
    const { request } = ask
    if (request.kind === 'forget') return this.#components.forget(request.peerId)
    const record = this.#context.usable(request.name)
    if (record === undefined) return
    const { clusterId } = record.decree
    const { name, replicationFactor } = request
    for (const { peerId } of replicasOf(record))
      if (this.#context.isLive(peerId))
        this.#context.send(peerId, { type: 'DATABASE_RESIZE', name, clusterId, replicationFactor })
  }

  #doneWith(request: Pending): Readonly<Record<string, unknown>> | undefined {
    if (request.kind === 'forget') {
      const { roster } = this.#context
      return this.#context.isMember(request.peerId)
        ? undefined
        : { epoch: roster?.epoch, members: roster?.members.length }
    }
    const record = this.#context.usable(request.name)
    if (record === undefined || wantedReplicas(record) !== request.replicationFactor) return undefined
    return { replicationFactor: request.replicationFactor }
  }

  #refusal(request: Pending): DbClusterError | undefined {
    if (this.#asks.size >= MAX_ASKS)
      return new DbClusterError('OVERLOADED', `${MAX_ASKS} requests of operators wait already`, { hint: 'try again' })
    return request.kind === 'forget' ? this.#refusesToForget(request.peerId) : this.#refusesToResize(request)
  }

  #refusesToForget(peerId: string): DbClusterError | undefined {
    const conflict = (message: string, hint: string): DbClusterError =>
      new DbClusterError('CONFLICT', message, { hint })
    if (!this.#context.isMember(peerId))
      return conflict(`${peerId} is no member of this network`, 'the status of the network lists the members')
    if (this.#context.isLive(peerId))
      return conflict(`${peerId} is up: it would only come back`, 'drain it, stop it, then forget it')
    if (!this.#context.admitted)
      return new DbClusterError('NOT_ADMITTED', 'this node is no member yet', { hint: 'ask another node' })
    return undefined
  }

  #refusesToResize({
    name,
    replicationFactor,
  }: Extract<Pending, { kind: 'setReplication' }>): DbClusterError | undefined {
    const members = this.#context.roster?.members.length ?? 0
    if (this.#context.usable(name) === undefined)
      return new DbClusterError('DATABASE_NOT_FOUND', `there is no database ${name}`)
    if (replicationFactor <= members) return undefined
    return new DbClusterError(
      'INSUFFICIENT_NODES',
      `${replicationFactor} replicas need as many nodes, there are ${members}`,
      {
        hint: 'add nodes first',
        details: { need: replicationFactor, got: members },
      },
    )
  }

  #answer(askId: string, result: OperatorResult): void {
    this.#asks.delete(askId)
    this.#context.emit({ type: 'operatorAnswer', askId, result })
  }
}

const replicasOf = ({ placement, decree }: DatabaseRecord): DatabaseRecord['decree']['replicas'] =>
  placement?.replicas ?? decree.replicas

const tooLate = (request: Pending): DbClusterError =>
  request.kind === 'forget'
    ? new DbClusterError(
        'TIMEOUT',
        `no majority of the network agreed within ${ASK_MS} ms to forget ${request.peerId}`,
        {
          hint: 'a majority of the members, that one included, must be up',
        },
      )
    : new DbClusterError('TIMEOUT', `the leader of ${request.name} was not reached within ${ASK_MS} ms`, {
        hint: 'see the status of the database: it must be awake and have a majority of its replicas',
      })
