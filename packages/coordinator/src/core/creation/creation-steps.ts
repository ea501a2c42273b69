import type { Decree, NodeMessage } from '@dbcluster/protocol'
import { chooseReplicas, EMPTY_TALLY, nextBallot } from '../consensus/proposal.js'
import type { CoreContext } from '../context.js'
import { type CreationAim, type CreationState, usableOffers } from './creation-state.js'

type Deciding = CreationState & { readonly decree: Decree }

/** What is said in each phase of a creation. Each step returns the state that waits for the answers. */
export class CreationSteps {
  readonly #context: CoreContext

  constructor(context: CoreContext) {
    this.#context = context
  }

  /** A ballot above all that is known, not yet spoken of. */
  begin(aim: CreationAim): CreationState {
    const { roster, self, table, acceptors } = this.#context
    const record = table.database(aim.name)
    const generation = record === undefined ? 1 : record.decree.generation + (record.deleted ? 1 : 0)
    const entry = acceptors.get(aim.name)
    const known = entry?.generation === generation ? entry : undefined
    return {
      ...aim,
      generation,
      epoch: roster?.epoch ?? 0,
      ballot: nextBallot(self.peerId, [known?.promised, known?.accepted?.ballot, aim.highest]),
      phase: 'waiting',
      stepDeadlineMs: aim.deadlineMs,
      tally: EMPTY_TALLY,
      votes: new Set(),
      retold: new Set(),
    }
  }

  /** Phase 1. */
  promise(aim: CreationAim): CreationState {
    const state: CreationState = { ...this.begin(aim), phase: 'promising', stepDeadlineMs: this.#stepDeadline(aim) }
    const { name, generation, ballot, attempt, purpose } = state
    this.#context.log('debug', 'Proposing a database', {
      database: name,
      generation,
      round: ballot.round,
      attempt,
      purpose,
    })
    this.#context.sendToRoster(this.#message(state))
    return state
  }

  /** Enough answers are in: others have a moment more, for a better spread. */
  hurry(state: CreationState): CreationState {
    const stepDeadlineMs = Math.min(state.stepDeadlineMs, this.#context.nowMs + this.#context.config.spreadMs)
    return { ...state, stepDeadlineMs }
  }

  /** Phase 2: the vote that lets replicas start. */
  reserve(state: CreationState, decree: Decree): CreationState {
    return this.#vote({ ...state, phase: 'reserving', decree })
  }

  /** Phase 2: the vote that chooses for good. */
  establish(state: CreationState, decree: Decree): CreationState {
    return this.#vote({ ...state, phase: 'establishing', decree })
  }

  /** A majority reserved: from here on replicas may start. */
  gather(state: Deciding): CreationState {
    const { nowMs, config, table } = this.#context
    const { name, decree } = state
    const record = table.putDecree({ name, decree, established: false })
    if (record !== undefined)
      this.#context.keep([record], { directly: decree.replicas.map((replica) => replica.peerId) })
    const stepDeadlineMs = Math.min(nowMs + config.gatherMs, state.deadlineMs)
    return { ...state, phase: 'gathering', published: true, stepDeadlineMs }
  }

  /** Gives another proposer time; our turn comes after a wait that differs from node to node. */
  wait(state: CreationState): CreationState {
    const { nowMs, config, turn } = this.#context
    const waitMs = config.successorAfterMs * (0.75 + 1.5 * turn)
    return { ...state, phase: 'waiting', stepDeadlineMs: Math.min(nowMs + waitMs, state.deadlineMs) }
  }

  /** Says the current phase's words again to a node that was behind; a phase without words says nothing. */
  repeat(state: CreationState, to: string): CreationState {
    if (state.phase === 'waiting' || state.phase === 'gathering') return state
    this.#context.send(to, this.#message(state))
    return { ...state, retold: new Set([...state.retold, to]) }
  }

  abort(state: CreationState, reason: string): void {
    const { name, generation, ballot, epoch } = state
    this.#context.sendToRoster({
      type: 'DATABASE_CREATE_ABORT',
      name,
      generation,
      ballot,
      epoch,
      reason: reason.slice(0, 500),
    })
  }

  /** A cluster of its own, on the nodes that offered; nothing when they are too few. */
  freshDecree(state: CreationState): Decree | undefined {
    const { config, self } = this.#context
    const offers = usableOffers(state)
    if (offers.length < config.replicationFactor) return undefined
    const { replicationFactor, foreignKeys, rqliteMajor } = config
    const replicas = chooseReplicas(offers, {
      count: replicationFactor,
      coordinator: self.peerId,
      loadOf: (peerId) => (state.failures.get(peerId) ?? 0) + this.#loadOf(peerId),
    })
    const { generation, ballot } = state
    const clusterId = this.#context.freshId()
    return { generation, ballot, clusterId, replicationFactor, foreignKeys, rqliteMajor, replicas: [...replicas] }
  }

  /** Whether another live node was the last to speak of this name here. */
  someoneElseIsAtWork(name: string): boolean {
    const { generation } = this.begin({ ...NO_AIM, name })
    const entry = this.#context.acceptors.get(name)
    return entry?.generation === generation && this.#context.connected.has(entry.promised.proposer)
  }

  #vote(state: Deciding): CreationState {
    const voting = { ...state, votes: new Set<string>(), retold: new Set<string>() }
    this.#context.sendToRoster(this.#message(voting))
    return { ...voting, stepDeadlineMs: this.#stepDeadline(state) }
  }

  #message(state: CreationState): NodeMessage {
    const { name, generation, ballot, epoch, decree, phase } = state
    const key = { name, generation, ballot, epoch }
    if (phase === 'promising' || decree === undefined)
      return { type: 'DATABASE_CREATE_REQUEST', ...key, rqliteMajor: this.#context.config.rqliteMajor }
    return { type: 'DATABASE_CREATE_CONFIRM', ...key, decree, established: phase === 'establishing' }
  }

  /** Longer with each ballot: on a busy machine answers to the one before come too late. */
  #stepDeadline(aim: CreationAim): number {
    const waitMs = this.#context.config.collectMs * (1 + aim.attempt)
    return Math.min(this.#context.nowMs + waitMs, aim.deadlineMs)
  }

  /** From 0, empty, to 1, full. */
  #loadOf(peerId: string): number {
    const info = this.#context.table.node(peerId)?.info.value
    return info === undefined ? 0 : info.databases / Math.max(1, info.maxDatabases)
  }
}

const NO_AIM: CreationAim = {
  name: '',
  purpose: 'create',
  deadlineMs: 0,
  attempt: 0,
  failures: new Map(),
  abandoned: new Set(),
  published: false,
}
