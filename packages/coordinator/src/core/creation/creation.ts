import { compareBallots, type DatabaseRecord, type NodeMessageOf } from '@dbcluster/protocol'
import { countPromise, countRefusal } from '../consensus/proposal.js'
import type { CoreContext } from '../context.js'
import type { Asker, CreationOutcome } from './creation-askers.js'
import { CreationCourse } from './creation-course.js'
import { notAdmitted } from './creation-errors.js'
import { answers, type CreationState, type Refusal, usableOffers, withFailure } from './creation-state.js'

/** This node as the coordinator of creations: one proposer per name. SPEC.md has the phases and what ends each. */
export class Creations {
  readonly #context: CoreContext
  readonly #course: CreationCourse

  constructor(context: CoreContext, answer: (asker: Asker, name: string, outcome: CreationOutcome) => void) {
    this.#context = context
    this.#course = new CreationCourse(context, answer)
  }

  /** Joins the creation of this name, or begins it. A later attempt first lets a live proposer finish. */
  ask(asker: Asker, name: string, attempt: number): void {
    if (!this.#course.askers.add(name, asker)) return
    const record = this.#context.usable(name)
    if (record !== undefined) return this.#course.askers.close(name, { record })
    if (!this.#context.admitted) return this.#course.askers.close(name, { error: notAdmitted(name) })
    if (this.#course.get(name) !== undefined) return
    const patient = attempt > 0 && this.#course.steps.someoneElseIsAtWork(name)
    const aim = this.#course.aim(name, 'create')
    this.#course.set(patient ? this.#course.steps.wait(this.#course.steps.begin(aim)) : this.#course.steps.promise(aim))
  }

  /** Ends what nobody finished: establishes the cluster of this name if it may be chosen, else closes its generation. */
  resolve(name: string): void {
    if (this.#course.get(name) !== undefined || !this.#context.admitted || this.#context.usable(name) !== undefined)
      return
    this.#course.set(this.#course.steps.promise(this.#course.aim(name, 'void')))
  }

  onResponse(from: string, message: NodeMessageOf<'DATABASE_CREATE_RESPONSE'>): void {
    const state = this.#course.get(message.name)
    if (state === undefined || !answers(state, 'promising', message)) return
    if (!message.promised) return this.#onRefused(from, state, message)
    this.#weigh(this.#course.set({ ...state, tally: countPromise(state.tally, from, message) }))
  }

  onAccepted(from: string, message: NodeMessageOf<'DATABASE_CREATE_ACCEPTED'>): void {
    const state = this.#course.get(message.name)
    const phase = message.established ? 'establishing' : 'reserving'
    if (state?.decree === undefined || !answers(state, phase, message)) return
    if (!message.accepted) return this.#onRefused(from, state, message)
    const next = { ...state, decree: state.decree, votes: new Set([...state.votes, from]) }
    this.#course.set(next)
    if (!this.#context.isMajority(next.votes.size, state.epoch)) return
    if (message.established) this.#course.finish(next)
    else this.#course.observe(this.#course.set(this.#course.steps.gather(next)))
  }

  /** The record of a name changed: its replicas may have gathered or failed, or somebody else decided. */
  onRecord(record: DatabaseRecord): void {
    const { name, decree, established, deleted } = record
    if (established && !deleted) return this.#course.succeed(record)
    const state = this.#course.get(name)
    if (state === undefined) return
    const over = decree.generation > state.generation || (decree.generation === state.generation && deleted)
    if (over) return this.#course.nextGeneration(state)
    this.#course.observe(state)
  }

  /** Votes of an older epoch are worth nothing: whoever counts some begins anew. */
  onRoster(): void {
    const epoch = this.#context.roster?.epoch ?? 0
    for (const state of this.#course.all())
      if (state.epoch < epoch && state.phase !== 'waiting' && state.phase !== 'gathering')
        this.#course.retry(state, { counts: false })
  }

  onReplicaFailed(peerId: string, { name, clusterId, error }: NodeMessageOf<'DATABASE_REPLICA_FAILED'>): void {
    const state = this.#course.get(name)
    if (state?.decree?.clusterId !== clusterId || state.phase === 'establishing') return
    this.#course.retry(withFailure(state, { clusterId, peerId, error }))
  }

  tick(): void {
    for (const state of this.#course.all()) {
      if (this.#context.nowMs < state.stepDeadlineMs) continue
      if (state.phase === 'promising') this.#course.decide(state)
      else if (state.phase !== 'gathering' || state.decree === undefined) this.#course.retry(state)
      else this.#course.retry({ ...state, abandoned: new Set([...state.abandoned, state.decree.clusterId]) })
    }
  }

  /** When {@link tick} is next needed. */
  nextDeadlineMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const { stepDeadlineMs } of this.#course.all()) earliestMs = Math.min(earliestMs, stepDeadlineMs)
    return earliestMs
  }

  /** Decides once all have answered that can be spoken to; with enough offers the last ones have but a moment. */
  #weigh(state: CreationState): void {
    const { promises, refused } = state.tally
    if (this.#context.liveMembers().every((peerId) => promises.has(peerId) || refused.has(peerId)))
      return this.#course.decide(state)
    const { replicationFactor } = this.#context.config
    const enough =
      this.#context.isMajority(promises.size, state.epoch) && usableOffers(state).length >= replicationFactor
    if (enough) this.#course.set(this.#course.steps.hurry(state))
  }

  #onRefused(from: string, state: CreationState, message: Refusal): void {
    if (message.record !== undefined) this.#context.merge([message.record], { directly: [] })
    if (this.#course.get(state.name) !== state) return // the record answered everything
    const { roster } = this.#context
    if (roster !== undefined && roster.epoch > state.epoch) return this.#course.retry(state, { counts: false })
    const behind = message.roster !== undefined && message.roster.epoch < state.epoch
    if (behind && !state.retold.has(from)) return void this.#course.set(this.#course.steps.repeat(state, from))
    if (message.highest !== undefined && compareBallots(message.highest, state.ballot) > 0) {
      const next = { ...state, highest: message.highest }
      // Whoever holds a cluster that has gathered goes first; the others wait.
      if (state.phase === 'establishing' && state.attempt === 0) return this.#course.retry(next)
      return void this.#course.set(this.#course.steps.wait(next))
    }
    if (state.phase === 'promising') this.#weigh(this.#course.set({ ...state, tally: countRefusal(state.tally, from) }))
  }
}
