import type { Decree } from '@dbcluster/protocol'
import { highestVote, mustPropose } from '../consensus/proposal.js'
import { isVoid, voidDecree } from '../consensus/void-decree.js'
import type { CoreContext } from '../context.js'
import { type CreationState, failedReplica, hasGathered } from './creation-state.js'

/** What a proposer does with the promises of a majority. */
export type Decision =
  /** Vote for good: this may be chosen already, or its cluster has gathered, or the generation is to be closed. */
  | { readonly kind: 'establish'; readonly decree: Decree }
  /** Go on with a cluster that somebody proposed and that may still gather. */
  | { readonly kind: 'reserve'; readonly decree: Decree }
  /** Nothing stands in the way of a new cluster. */
  | { readonly kind: 'fresh' }
  /** There is nothing to close. */
  | { readonly kind: 'nothing' }

/** Paxos says what must be proposed; where it leaves the choice, what was begun is completed rather than replaced. */
export const decide = (context: CoreContext, state: CreationState): Decision => {
  const chosen = mustPropose(state.tally.votes)
  if (chosen !== undefined) return { kind: 'establish', decree: chosen }
  const decree = highestVote(state.tally.votes)?.decree
  if (decree !== undefined && mayGather(context, state, decree)) {
    if (hasGathered(context.table.database(state.name), decree)) return { kind: 'establish', decree }
    if (state.purpose === 'create') return { kind: 'reserve', decree }
  }
  if (state.purpose === 'create') return { kind: 'fresh' }
  return decree === undefined ? { kind: 'nothing' } : { kind: 'establish', decree: voidDecree(decree, state.ballot) }
}

/** Whether a reserved cluster can still gather: then it is completed, whoever proposed it. */
const mayGather = (context: CoreContext, state: CreationState, decree: Decree): boolean => {
  if (isVoid(decree) || state.abandoned.has(decree.clusterId)) return false
  if (failedReplica(context.table.database(state.name), decree) !== undefined) return false
  return decree.replicas.every(({ peerId }) => context.isLive(peerId))
}
