import { compareBallots, type DatabaseRecord, type DbClusterError, type Decree, toErrorBody } from '@dbcluster/protocol'
import { isVoid } from '../consensus/void-decree.js'
import type { CoreContext } from '../context.js'
import { type Asker, Askers, type CreationOutcome } from './creation-askers.js'
import { decide } from './creation-decision.js'
import { gaveUp, notAdmitted, tooFewNodes } from './creation-errors.js'
import {
  aimOf,
  type CreationAim,
  type CreationPurpose,
  type CreationState,
  failedReplica,
  hasGathered,
  withFailure,
} from './creation-state.js'
import { CreationSteps } from './creation-steps.js'

/** Ballots taken for one asked creation before it is given up; those lost to a changed roster don't count. */
const MAX_ATTEMPTS = 5

/** The turns that creations take: from one phase to the next, again under a higher ballot, or to an end. */
export class CreationCourse {
  readonly steps: CreationSteps
  readonly askers: Askers
  readonly #context: CoreContext
  readonly #running = new Map<string, CreationState>()

  constructor(context: CoreContext, answer: (asker: Asker, name: string, outcome: CreationOutcome) => void) {
    this.#context = context
    this.steps = new CreationSteps(context)
    this.askers = new Askers(answer)
  }

  get(name: string): CreationState | undefined {
    return this.#running.get(name)
  }

  /** Those under way, as of now. */
  all(): readonly CreationState[] {
    return [...this.#running.values()]
  }

  aim(name: string, purpose: CreationPurpose): CreationAim {
    const deadlineMs = this.#context.nowMs + this.#context.config.creationTimeoutMs
    const nothing = { attempt: 0, failures: new Map(), abandoned: new Set<string>(), published: false }
    return { name, purpose, deadlineMs, ...nothing }
  }

  set(state: CreationState): CreationState {
    this.#running.set(state.name, state)
    return state
  }

  /** All promises that will come are in. */
  decide(state: CreationState): void {
    if (!this.#context.isMajority(state.tally.promises.size, state.epoch)) return this.#onTooFew(state)
    const decision = decide(this.#context, state)
    switch (decision.kind) {
      case 'establish':
        return void this.set(this.steps.establish(state, decision.decree))
      case 'reserve':
        return void this.set(this.steps.reserve(state, decision.decree))
      case 'nothing':
        return this.close(state.name)
      case 'fresh': {
        const decree = this.steps.freshDecree(state)
        if (decree === undefined) return this.#onTooFew(state)
        return void this.set(this.steps.reserve(state, decree))
      }
    }
  }

  /** A node that is connected and silent may be busy, or a message got lost: it is asked again while there is time. */
  #onTooFew(state: CreationState): void {
    const { promises, refused } = state.tally
    const isSilent = this.#context.liveMembers().some((peerId) => !promises.has(peerId) && !refused.has(peerId))
    const mayAskAgain = state.attempt + 1 < MAX_ATTEMPTS && this.#context.nowMs < state.deadlineMs
    if (isSilent && mayAskAgain) this.retry(state)
    else this.fail(state, tooFewNodes(this.#context, state))
  }

  /** While replicas gather: whether they have, or can't, or another decree overtook ours. */
  observe(state: CreationState): void {
    const { decree, name, phase } = state
    if (phase !== 'gathering' || decree === undefined) return
    const record = this.#context.table.database(name)
    if (hasGathered(record, decree)) return void this.set(this.steps.establish(state, decree))
    const failed = failedReplica(record, decree)
    if (failed !== undefined) return this.retry(withFailure(state, { ...failed, clusterId: decree.clusterId }))
    if (record?.decree.clusterId !== decree.clusterId) this.set(this.steps.wait(state))
  }

  /** A majority voted for good. */
  finish(state: CreationState & { readonly decree: Decree }): void {
    const { name, decree } = state
    const end = isVoid(decree)
    const record = this.#context.table.putDecree({ name, decree, established: !end, deleted: end })
    if (record !== undefined) this.#context.keep([record], { directly: this.#context.liveMembers() })
    const merged = this.#context.usable(name)
    if (merged !== undefined) this.succeed(merged)
    else if (this.#running.get(name) === state) this.nextGeneration(state)
  }

  succeed(record: DatabaseRecord): void {
    this.#running.delete(record.name)
    this.askers.close(record.name, { record })
  }

  /** Whoever still waits gets the next generation. */
  nextGeneration(state: CreationState): void {
    if (this.askers.has(state.name)) this.retry({ ...state, purpose: 'create', published: false }, { counts: false })
    else this.close(state.name)
  }

  close(name: string): void {
    this.#running.delete(name)
    if (this.askers.has(name)) this.set(this.steps.promise(this.aim(name, 'create')))
  }

  retry(state: CreationState, how: { readonly counts: boolean } = { counts: true }): void {
    const attempt = state.attempt + (how.counts ? 1 : 0)
    const late = this.#context.nowMs >= state.deadlineMs
    if (late || attempt >= MAX_ATTEMPTS) return this.fail(state, gaveUp(this.#context, state, attempt))
    if (!this.#context.admitted) return this.fail(state, notAdmitted(state.name))
    const { highest, ballot } = state
    const above = highest !== undefined && compareBallots(highest, ballot) > 0 ? highest : ballot
    this.set(this.steps.promise({ ...aimOf(state), attempt, highest: above }))
  }

  fail(state: CreationState, error: DbClusterError): void {
    const { name } = state
    this.#running.delete(name)
    this.steps.abort(state, error.message)
    if (state.purpose === 'void' && !this.askers.has(name)) return
    this.askers.close(name, { error })
    this.#context.log('warn', 'Database creation failed', { database: name, error: toErrorBody(error).message })
    // Replicas may run: they and their ports are given back, or the cluster is found to be chosen after all.
    if (state.published && this.#context.admitted)
      this.set(this.steps.promise({ ...this.aim(name, 'void'), highest: state.ballot }))
  }
}
