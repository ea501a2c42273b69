import {
  compareBallots,
  type DatabaseRecord,
  type DbClusterError,
  type Decree,
  type NodeMessageOf,
  toErrorBody,
} from '@dbcluster/protocol'
import type { CoreContext } from './context.js'
import { type Asker, Askers, type CreationOutcome } from './creation-askers.js'
import { gaveUp, notAdmitted, tooFewNodes } from './creation-errors.js'
import {
  aimOf,
  answers,
  type CreationAim,
  type CreationPurpose,
  type CreationState,
  failedReplica,
  hasGathered,
  type Refusal,
  usableOffers,
  withFailure,
} from './creation-state.js'
import { CreationSteps } from './creation-steps.js'
import { countPromise, countRefusal, highestVote, mustPropose } from './proposal.js'
import { isVoid, voidDecree } from './void-decree.js'

/** Ballots taken for one asked creation before it is given up; those lost to a changed roster don't count. */
const MAX_ATTEMPTS = 5

/** This node as the coordinator of creations: one proposer per name. SPEC.md has the phases and what ends each. */
export class Creations {
  readonly #context: CoreContext
  readonly #steps: CreationSteps
  readonly #askers: Askers
  readonly #running = new Map<string, CreationState>()

  constructor(context: CoreContext, answer: (asker: Asker, name: string, outcome: CreationOutcome) => void) {
    this.#context = context
    this.#steps = new CreationSteps(context)
    this.#askers = new Askers(answer)
  }

  /** Joins the creation of this name, or begins it. A later attempt first lets a live proposer finish. */
  ask(asker: Asker, name: string, attempt: number): void {
    if (!this.#askers.add(name, asker)) return
    const record = this.#context.usable(name)
    if (record !== undefined) return this.#askers.close(name, { record })
    if (!this.#context.admitted) return this.#askers.close(name, { error: notAdmitted(name) })
    if (this.#running.has(name)) return
    const patient = attempt > 0 && this.#steps.someoneElseIsAtWork(name)
    const aim = this.#aim(name, 'create')
    this.#set(patient ? this.#steps.wait(this.#steps.begin(aim)) : this.#steps.promise(aim))
  }

  /** Ends what nobody finished: establishes the cluster of this name if it may be chosen, else closes its generation. */
  resolve(name: string): void {
    if (this.#running.has(name) || !this.#context.admitted || this.#context.usable(name) !== undefined) return
    this.#set(this.#steps.promise(this.#aim(name, 'void')))
  }

  onResponse(from: string, message: NodeMessageOf<'DATABASE_CREATE_RESPONSE'>): void {
    const state = this.#running.get(message.name)
    if (state === undefined || !answers(state, 'promising', message)) return
    if (!message.promised) return this.#onRefused(from, state, message)
    this.#weigh(this.#set({ ...state, tally: countPromise(state.tally, from, message) }))
  }

  onAccepted(from: string, message: NodeMessageOf<'DATABASE_CREATE_ACCEPTED'>): void {
    const state = this.#running.get(message.name)
    const phase = message.established ? 'establishing' : 'reserving'
    if (state?.decree === undefined || !answers(state, phase, message)) return
    if (!message.accepted) return this.#onRefused(from, state, message)
    const next = { ...state, decree: state.decree, votes: new Set([...state.votes, from]) }
    this.#set(next)
    if (!this.#context.isMajority(next.votes.size, state.epoch)) return
    if (message.established) this.#finish(next)
    else this.#observe(this.#set(this.#steps.gather(next)))
  }

  /** The record of a name changed: its replicas may have gathered or failed, or somebody else decided. */
  onRecord(record: DatabaseRecord): void {
    const { name, decree, established, deleted } = record
    if (established && !deleted) return this.#succeed(record)
    const state = this.#running.get(name)
    if (state === undefined) return
    const over = decree.generation > state.generation || (decree.generation === state.generation && deleted)
    if (over) return this.#onGenerationOver(state)
    this.#observe(state)
  }

  /** Votes of an older epoch are worth nothing: whoever counts some begins anew. */
  onRoster(): void {
    const epoch = this.#context.roster?.epoch ?? 0
    for (const state of [...this.#running.values()])
      if (state.epoch < epoch && state.phase !== 'waiting' && state.phase !== 'gathering')
        this.#retry(state, { counts: false })
  }

  onReplicaFailed(peerId: string, { name, clusterId, error }: NodeMessageOf<'DATABASE_REPLICA_FAILED'>): void {
    const state = this.#running.get(name)
    if (state?.decree?.clusterId !== clusterId || state.phase === 'establishing') return
    this.#retry(withFailure(state, { clusterId, peerId, error }))
  }

  tick(): void {
    for (const state of [...this.#running.values()]) {
      if (this.#context.nowMs < state.stepDeadlineMs) continue
      if (state.phase === 'promising') this.#decide(state)
      else if (state.phase !== 'gathering' || state.decree === undefined) this.#retry(state)
      else this.#retry({ ...state, abandoned: new Set([...state.abandoned, state.decree.clusterId]) })
    }
  }

  /** When {@link tick} is next needed. */
  nextDeadlineMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const { stepDeadlineMs } of this.#running.values()) earliestMs = Math.min(earliestMs, stepDeadlineMs)
    return earliestMs
  }

  #aim(name: string, purpose: CreationPurpose): CreationAim {
    const deadlineMs = this.#context.nowMs + this.#context.config.creationTimeoutMs
    const nothing = { attempt: 0, failures: new Map(), abandoned: new Set<string>(), published: false }
    return { name, purpose, deadlineMs, ...nothing }
  }

  #set(state: CreationState): CreationState {
    this.#running.set(state.name, state)
    return state
  }

  /** Decides once all have answered that can be spoken to; with enough offers the last ones have but a moment. */
  #weigh(state: CreationState): void {
    const { promises, refused } = state.tally
    if (this.#context.liveMembers().every((peerId) => promises.has(peerId) || refused.has(peerId)))
      return this.#decide(state)
    const { replicationFactor } = this.#context.config
    const enough =
      this.#context.isMajority(promises.size, state.epoch) && usableOffers(state).length >= replicationFactor
    if (enough) this.#set(this.#steps.hurry(state))
  }

  /** All promises that will come are in: propose what must be, go on with what can be, or choose a new cluster. */
  #decide(state: CreationState): void {
    const { tally, name } = state
    if (!this.#context.isMajority(tally.promises.size, state.epoch))
      return this.#fail(state, tooFewNodes(this.#context, state))
    const chosen = mustPropose(tally.votes)
    if (chosen !== undefined) return void this.#set(this.#steps.establish(state, chosen))
    const vote = highestVote(tally.votes)
    if (vote !== undefined && this.#mayGather(state, vote.decree)) {
      const gathered = hasGathered(this.#context.table.database(name), vote.decree)
      if (gathered) return void this.#set(this.#steps.establish(state, vote.decree))
      if (state.purpose === 'create') return void this.#set(this.#steps.reserve(state, vote.decree))
    }
    if (state.purpose === 'void') return this.#void(state, vote?.decree)
    const decree = this.#steps.freshDecree(state)
    if (decree === undefined) return this.#fail(state, tooFewNodes(this.#context, state))
    this.#set(this.#steps.reserve(state, decree))
  }

  #void(state: CreationState, decree: Decree | undefined): void {
    if (decree === undefined) return this.#close(state.name)
    this.#set(this.#steps.establish(state, voidDecree(decree, state.ballot)))
  }

  /** Whether a reserved cluster can still gather: then it is completed, whoever proposed it. */
  #mayGather(state: CreationState, decree: Decree): boolean {
    if (isVoid(decree) || state.abandoned.has(decree.clusterId)) return false
    if (failedReplica(this.#context.table.database(state.name), decree) !== undefined) return false
    return decree.replicas.every(({ peerId }) => this.#context.isLive(peerId))
  }

  /** While replicas gather: whether they have, or can't, or another decree overtook ours. */
  #observe(state: CreationState): void {
    const { decree, name, phase } = state
    if (phase !== 'gathering' || decree === undefined) return
    const record = this.#context.table.database(name)
    if (hasGathered(record, decree)) return void this.#set(this.#steps.establish(state, decree))
    const failed = failedReplica(record, decree)
    if (failed !== undefined) return this.#retry(withFailure(state, { ...failed, clusterId: decree.clusterId }))
    if (record?.decree.clusterId !== decree.clusterId) this.#set(this.#steps.wait(state))
  }

  /** A majority voted for good. */
  #finish(state: CreationState & { readonly decree: Decree }): void {
    const { name, decree } = state
    const end = isVoid(decree)
    const record = this.#context.table.putDecree({ name, decree, established: !end, deleted: end })
    if (record !== undefined) this.#context.keep([record], { directly: this.#context.liveMembers() })
    const merged = this.#context.usable(name)
    if (merged !== undefined) this.#succeed(merged)
    else if (this.#running.get(name) === state) this.#onGenerationOver(state)
  }

  #succeed(record: DatabaseRecord): void {
    this.#running.delete(record.name)
    this.#askers.close(record.name, { record })
  }

  /** Whoever still waits gets the next generation. */
  #onGenerationOver(state: CreationState): void {
    if (this.#askers.has(state.name)) this.#retry({ ...state, purpose: 'create', published: false }, { counts: false })
    else this.#close(state.name)
  }

  #close(name: string): void {
    this.#running.delete(name)
    if (this.#askers.has(name)) this.#set(this.#steps.promise(this.#aim(name, 'create')))
  }

  #onRefused(from: string, state: CreationState, message: Refusal): void {
    if (message.record !== undefined) this.#context.merge([message.record], { directly: [] })
    if (this.#running.get(state.name) !== state) return // the record answered everything
    const { roster } = this.#context
    if (roster !== undefined && roster.epoch > state.epoch) return this.#retry(state, { counts: false })
    const behind = message.roster !== undefined && message.roster.epoch < state.epoch
    if (behind && !state.retold.has(from)) return void this.#set(this.#steps.repeat(state, from))
    if (message.highest !== undefined && compareBallots(message.highest, state.ballot) > 0) {
      const next = { ...state, highest: message.highest }
      // Whoever holds a cluster that has gathered goes first; the others wait.
      if (state.phase === 'establishing' && state.attempt === 0) return this.#retry(next)
      return void this.#set(this.#steps.wait(next))
    }
    if (state.phase === 'promising') this.#weigh(this.#set({ ...state, tally: countRefusal(state.tally, from) }))
  }

  #retry(state: CreationState, how: { readonly counts: boolean } = { counts: true }): void {
    const attempt = state.attempt + (how.counts ? 1 : 0)
    const late = this.#context.nowMs >= state.deadlineMs
    if (late || attempt >= MAX_ATTEMPTS) return this.#fail(state, gaveUp(this.#context, state, attempt))
    const { highest, ballot } = state
    const above = highest !== undefined && compareBallots(highest, ballot) > 0 ? highest : ballot
    this.#set(this.#steps.promise({ ...aimOf(state), attempt, highest: above }))
  }

  #fail(state: CreationState, error: DbClusterError): void {
    const { name } = state
    this.#running.delete(name)
    this.#steps.abort(state, error.message)
    if (state.purpose === 'void' && !this.#askers.has(name)) return
    this.#askers.close(name, { error })
    this.#context.log('warn', 'Database creation failed', { database: name, error: toErrorBody(error).message })
    // Replicas may run: they and their ports are given back, or the cluster is found to be chosen after all.
    if (state.published) this.#set(this.#steps.promise({ ...this.#aim(name, 'void'), highest: state.ballot }))
  }
}
