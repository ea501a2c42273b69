import {
  type Ballot,
  type DatabaseRecord,
  DbClusterError,
  type Decree,
  type NodeMessageOf,
  type Roster,
  toErrorBody,
} from '@dbcluster/protocol'
import type { CoreContext } from './context.js'
import {
  chooseReplicas,
  countPromise,
  describeDeclines,
  EMPTY_TALLY,
  highestVote,
  mustPropose,
  nextBallot,
  type Tally,
} from './proposal.js'

/** Decrees proposed for one asked creation before it is given up. */
const MAX_ATTEMPTS = 5

/** Somebody who waits for a creation: a local caller's ask, or another node's. */
export interface Asker {
  readonly peerId: string
  readonly askId: string
}

interface CreationState {
  readonly name: string
  readonly generation: number
  readonly epoch: number
  readonly ballot: Ballot
  readonly deadlineMs: number
  readonly stepDeadlineMs: number
  readonly phase: 'promising' | 'reserving' | 'gathering' | 'establishing' | 'waiting'
  readonly attempt: number
  readonly tally: Tally
  readonly decree?: Decree
  readonly votes: ReadonlySet<string>
  /** Nodes whose replica failed; not chosen again for this creation. */
  readonly excluded: ReadonlySet<string>
  readonly lastError?: string
  /** The highest ballot that others were seen to use. */
  readonly highest?: Ballot
}

/** This node as the coordinator of creations: one proposer per name. SPEC.md has the phases and what ends each. */
export class Creations {
  readonly #context: CoreContext
  readonly #answer: (asker: Asker, name: string, result: { record: DatabaseRecord } | { error: DbClusterError }) => void
  readonly #running = new Map<string, CreationState>()
  readonly #askers = new Map<string, Asker[]>()

  constructor(
    context: CoreContext,
    answer: (asker: Asker, name: string, result: { record: DatabaseRecord } | { error: DbClusterError }) => void,
  ) {
    this.#context = context
    this.#answer = answer
  }

  /** Joins the creation of this name, or begins it. */
  ask(asker: Asker, name: string): void {
    const record = this.#context.usable(name)
    if (record !== undefined) return this.#answer(asker, name, { record })
    const askers = this.#askers.get(name) ?? []
    if (!askers.some((other) => other.peerId === asker.peerId && other.askId === asker.askId)) askers.push(asker)
    this.#askers.set(name, askers)
    if (this.#running.has(name)) return
    this.#prepare(name, {
      attempt: 0,
      deadlineMs: this.#context.nowMs + this.#context.config.creationTimeoutMs,
      excluded: new Set(),
    })
  }

  isRunning(name: string): boolean {
    return this.#running.has(name)
  }

  onResponse(from: string, message: NodeMessageOf<'DATABASE_CREATE_RESPONSE'>): void {
    const state = this.#matching(message, 'promising')
    if (state === undefined) return
    if (!message.promised) return this.#onRefused(state, message)
    const tally = countPromise(state.tally, from, message)
    const next = { ...state, tally }
    this.#running.set(state.name, next)
    const everybody = this.#context.liveMembers().every((peerId) => tally.promises.has(peerId))
    const enough =
      this.#context.isMajority(tally.promises.size) &&
      this.#usableOffers(next).length >= this.#context.config.replicationFactor
    // With enough offers there is nothing to wait for, save a better spread: everybody live has a moment to answer.
    if (everybody || (enough && this.#context.nowMs >= state.stepDeadlineMs)) this.#decide(next)
  }

  onAccepted(from: string, message: NodeMessageOf<'DATABASE_CREATE_ACCEPTED'>): void {
    const state = this.#matching(message, message.established ? 'establishing' : 'reserving')
    if (state === undefined) return
    if (!message.accepted) return this.#onRefused(state, message)
    const next = { ...state, votes: new Set([...state.votes, from]) }
    this.#running.set(state.name, next)
    if (!this.#context.isMajority(next.votes.size)) return
    if (message.established) this.#finish(next)
    else this.#gather(next)
  }

  /** The record of a name changed: its replicas may have gathered, or somebody else decided. */
  onRecord(record: DatabaseRecord): void {
    if (record.established && !record.deleted) return this.#succeed(record)
    const state = this.#running.get(record.name)
    if (state?.phase !== 'gathering' || state.decree === undefined) return
    const { decree } = state
    if (record.decree.clusterId !== decree.clusterId) return
    const gathered = Object.values(record.replicas).some(
      ({ value }) => value.clusterId === decree.clusterId && (value.voters ?? 0) >= decree.replicationFactor,
    )
    if (gathered) this.#establish({ ...state, decree })
  }

  onReplicaFailed(from: string, message: NodeMessageOf<'DATABASE_REPLICA_FAILED'>): void {
    const state = this.#running.get(message.name)
    if (state?.decree?.clusterId !== message.clusterId || state.phase === 'establishing') return
    this.#retry({ ...state, excluded: new Set([...state.excluded, from]), lastError: message.error })
  }

  tick(): void {
    for (const state of [...this.#running.values()]) {
      if (this.#context.nowMs < state.stepDeadlineMs) continue
      if (state.phase === 'promising') this.#decide(state)
      else this.#retry(state)
    }
  }

  /** When {@link tick} is next needed. */
  nextDeadlineMs(): number {
    return Math.min(...[...this.#running.values()].map((state) => state.stepDeadlineMs), Number.POSITIVE_INFINITY)
  }

  #prepare(
    name: string,
    carry: Pick<CreationState, 'attempt' | 'deadlineMs' | 'excluded'> & {
      lastError?: string
      highest?: Ballot
      decree?: Decree
    },
  ): void {
    const { roster, config, self, nowMs } = this.#context
    if (roster === undefined) return
    const record = this.#context.table.database(name)
    const entry = this.#context.acceptors.get(name)
    const generation = record === undefined ? 1 : record.decree.generation + (record.deleted ? 1 : 0)
    const known = entry?.generation === generation ? entry : undefined
    const ballot = nextBallot(self.peerId, [known?.promised, known?.accepted?.ballot, carry.highest])
    const { highest: _, ...rest } = carry
    this.#running.set(name, {
      ...rest,
      name,
      generation,
      epoch: roster.epoch,
      ballot,
      phase: 'promising',
      tally: EMPTY_TALLY,
      votes: new Set(),
      stepDeadlineMs: Math.min(nowMs + config.collectMs, carry.deadlineMs),
    })
    this.#context.log('debug', 'Proposing a database', {
      database: name,
      generation,
      round: ballot.round,
      attempt: carry.attempt,
    })
    this.#context.sendToRoster({
      type: 'DATABASE_CREATE_REQUEST',
      name,
      generation,
      ballot,
      epoch: roster.epoch,
      rqliteMajor: config.rqliteMajor,
    })
  }

  /** All promises that will come are in: propose what must be, go on with our own, or choose a new cluster. */
  #decide(state: CreationState): void {
    const { config, self } = this.#context
    const { tally } = state
    if (!this.#context.isMajority(tally.promises.size)) return this.#fail(state, this.#tooFew(state))
    const chosen = mustPropose(tally.votes)
    if (chosen !== undefined) return this.#establish({ ...state, decree: chosen })
    const vote = highestVote(tally.votes)
    const own = state.decree !== undefined && vote?.decree.clusterId === state.decree.clusterId
    if (own && state.decree !== undefined && state.excluded.size === 0) return this.#reserve(state, state.decree)
    if (vote !== undefined && !own && state.attempt === 0 && this.#context.isLive(vote.ballot.proposer)) {
      return this.#wait(state) // its proposer is at work, and our ballot may have interrupted it
    }
    const offers = this.#usableOffers(state)
    if (offers.length < config.replicationFactor) return this.#fail(state, this.#tooFew(state))
    this.#reserve(state, {
      generation: state.generation,
      ballot: state.ballot,
      clusterId: this.#context.entropy,
      replicationFactor: config.replicationFactor,
      foreignKeys: config.foreignKeys,
      rqliteMajor: config.rqliteMajor,
      replicas: [
        ...chooseReplicas(offers, {
          count: config.replicationFactor,
          coordinator: self.peerId,
          loadOf: (peerId) => this.#loadOf(peerId),
        }),
      ],
    })
  }

  #reserve(state: CreationState, decree: Decree): void {
    this.#vote({ ...state, phase: 'reserving', decree })
  }

  #establish(state: CreationState & { readonly decree: Decree }): void {
    this.#vote({ ...state, phase: 'establishing' })
  }

  #vote(state: CreationState & { readonly decree: Decree }): void {
    const { name, generation, ballot, epoch, decree } = state
    const stepDeadlineMs = Math.min(this.#context.nowMs + this.#context.config.collectMs, state.deadlineMs)
    this.#running.set(name, { ...state, votes: new Set(), stepDeadlineMs })
    const established = state.phase === 'establishing'
    this.#context.sendToRoster({
      type: 'DATABASE_CREATE_CONFIRM',
      name,
      generation,
      ballot,
      epoch,
      decree,
      established,
    })
  }

  /** A majority reserved: from here on replicas may start. */
  #gather(state: CreationState): void {
    const { decree } = state
    if (decree === undefined) return
    const { nowMs, config } = this.#context
    this.#running.set(state.name, {
      ...state,
      phase: 'gathering',
      stepDeadlineMs: Math.min(nowMs + config.gatherMs, state.deadlineMs),
    })
    const record = this.#context.table.putDecree({ name: state.name, decree, established: false })
    if (record !== undefined)
      this.#context.keep([record], { directly: decree.replicas.map((replica) => replica.peerId) })
  }

  /** A majority established: the decree is final. */
  #finish(state: CreationState): void {
    const { decree } = state
    if (decree === undefined) return
    const record = this.#context.table.putDecree({ name: state.name, decree, established: true })
    if (record !== undefined) this.#context.keep([record], { directly: this.#context.liveMembers() })
    const merged = this.#context.usable(state.name)
    if (merged !== undefined) this.#succeed(merged)
  }

  #succeed(record: DatabaseRecord): void {
    this.#running.delete(record.name)
    for (const asker of this.#askers.get(record.name) ?? []) this.#answer(asker, record.name, { record })
    this.#askers.delete(record.name)
  }

  #onRefused(
    state: CreationState,
    message: { readonly highest?: Ballot; readonly record?: DatabaseRecord; readonly roster?: Roster },
  ): void {
    if (message.record !== undefined) {
      this.#context.merge([message.record], { directly: [] })
      const record = this.#context.usable(state.name)
      if (record !== undefined) return this.#succeed(record)
    }
    if (message.record !== undefined || message.roster !== undefined) return this.#retry(state, { atOnce: true })
    if (message.highest === undefined) return
    const next = { ...state, highest: message.highest }
    // Whoever holds a cluster that has gathered goes first; the others wait.
    if (state.phase === 'establishing') this.#retry(next, { atOnce: true })
    else this.#wait(next)
  }

  /** Gives another proposer time; our turn comes after a wait that differs from node to node. */
  #wait(state: CreationState): void {
    const rank = this.#context.roster?.members.findIndex((member) => member.peerId === this.#context.self.peerId) ?? 0
    const waitMs = this.#context.config.successorAfterMs * (0.25 + 0.5 * (rank + 1))
    const stepDeadlineMs = Math.min(this.#context.nowMs + waitMs, state.deadlineMs)
    this.#running.set(state.name, { ...state, phase: 'waiting', stepDeadlineMs })
  }

  #retry(state: CreationState, how: { readonly atOnce?: boolean } = {}): void {
    const attempt = state.attempt + 1
    const late = this.#context.nowMs >= state.deadlineMs
    if (late || attempt >= MAX_ATTEMPTS) {
      const why =
        state.lastError ??
        `its replicas did not gather within ${this.#context.config.creationTimeoutMs} ms (phase ${state.phase})`
      return this.#fail(
        state,
        new DbClusterError('CREATION_FAILED', `creating ${state.name} failed: ${why}`, {
          hint: 'see the log of the nodes that were to hold a replica; the next request tries again from the start',
          details: { database: state.name, attempts: attempt, excluded: [...state.excluded] },
        }),
      )
    }
    const { name, deadlineMs, excluded, lastError, decree } = state
    const seen = state.highest ?? state.ballot
    const gone = state.phase === 'gathering' && how.atOnce !== true
    this.#prepare(name, {
      attempt,
      deadlineMs,
      excluded,
      highest: seen.round > state.ballot.round ? seen : state.ballot,
      ...(lastError === undefined ? {} : { lastError }),
      ...(decree === undefined || gone ? {} : { decree }),
    })
  }

  #fail(state: CreationState, error: DbClusterError): void {
    this.#running.delete(state.name)
    const { name, generation, ballot, epoch } = state
    this.#context.sendToRoster({
      type: 'DATABASE_CREATE_ABORT',
      name,
      generation,
      ballot,
      epoch,
      reason: error.message.slice(0, 500),
    })
    for (const asker of this.#askers.get(name) ?? []) this.#answer(asker, name, { error })
    this.#askers.delete(name)
    this.#context.log('warn', 'Database creation failed', { database: name, error: toErrorBody(error).message })
  }

  #tooFew(state: CreationState): DbClusterError {
    const need = this.#context.config.replicationFactor
    const got = this.#usableOffers(state).length
    const members = this.#context.roster?.members.map((member) => member.peerId) ?? []
    const silent = members.filter((peerId) => !state.tally.promises.has(peerId))
    const declines = describeDeclines(state.tally.declined)
    const reasons = [
      ...(declines === '' ? [] : [`declined: ${declines}`]),
      ...(silent.length === 0 ? [] : [`no answer from ${silent.join(', ')}`]),
      ...(members.length < need ? [`the network has ${members.length} node${members.length === 1 ? '' : 's'}`] : []),
      ...(state.lastError === undefined ? [] : [`a replica failed: ${state.lastError}`]),
    ]
    const offered = state.tally.offers.map((offer) => offer.peerId)
    return new DbClusterError(
      'INSUFFICIENT_NODES',
      `insufficient nodes responded: got ${got}, need ${need}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`,
      {
        hint: `start more nodes or bring back those that are down, raise database.max_databases or the port ranges on full ones, or set database.replication_factor to at most ${Math.max(1, members.length)}`,
        details: { got, need, offered, silent, declined: Object.fromEntries(state.tally.declined) },
      },
    )
  }

  #matching(
    message: { name: string; generation: number; ballot: Ballot },
    phase: CreationState['phase'],
  ): CreationState | undefined {
    const state = this.#running.get(message.name)
    const same =
      state?.phase === phase && state.generation === message.generation && state.ballot.round === message.ballot.round
    return same ? state : undefined
  }

  #usableOffers(state: CreationState): CreationState['tally']['offers'] {
    return state.tally.offers.filter((offer) => !state.excluded.has(offer.peerId))
  }

  #loadOf(peerId: string): number {
    const info = this.#context.table.node(peerId)?.info.value
    return info === undefined ? 0 : info.databases / Math.max(1, info.maxDatabases)
  }
}
