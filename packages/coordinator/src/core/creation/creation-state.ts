import type { Ballot, DatabaseRecord, Decree, NodeMessageOf } from '@dbcluster/protocol'
import type { Tally } from '../consensus/proposal.js'

/** Starts of one node's replica that may fail within one creation before that node is passed over. */
const FAILURES_PER_NODE = 2

/** What a proposer wants of a name's current generation. */
export type CreationPurpose =
  /** A cluster that can be used. */
  | 'create'
  /** An end to what cannot be finished: the generation is closed unless it turns out to be chosen. */
  | 'void'

/** What one proposer is after, across the ballots that it takes. */
export interface CreationAim {
  readonly name: string
  readonly purpose: CreationPurpose
  readonly deadlineMs: number
  readonly attempt: number
  /** Starts that failed, by node. */
  readonly failures: ReadonlyMap<string, number>
  /** Clusters that did not gather: not proposed again. */
  readonly abandoned: ReadonlySet<string>
  /** A decree of ours was published, so replicas of it may run. */
  readonly published: boolean
  readonly lastError?: string
  /** The highest ballot that others were seen to use. */
  readonly highest?: Ballot
}

export type CreationPhase = 'waiting' | 'promising' | 'reserving' | 'gathering' | 'establishing'

/** One ballot of one proposer. */
export interface CreationState extends CreationAim {
  readonly generation: number
  readonly epoch: number
  readonly ballot: Ballot
  readonly phase: CreationPhase
  readonly stepDeadlineMs: number
  readonly tally: Tally
  readonly votes: ReadonlySet<string>
  /** Acceptors whose roster was behind ours and that were told, once. */
  readonly retold: ReadonlySet<string>
  readonly decree?: Decree
}

/** The aim that a state serves, for the next ballot. */
export const aimOf = (state: CreationState): CreationAim => {
  const { name, purpose, deadlineMs, attempt, failures, abandoned, published, lastError, highest } = state
  return {
    name,
    purpose,
    deadlineMs,
    attempt,
    failures,
    abandoned,
    published,
    ...(lastError === undefined ? {} : { lastError }),
    ...(highest === undefined ? {} : { highest }),
  }
}

/** Whether an answer belongs to this ballot's current phase. */
export const answers = (
  state: CreationState,
  phase: CreationPhase,
  message: { readonly generation: number; readonly ballot: Ballot },
): boolean =>
  state.phase === phase && state.generation === message.generation && state.ballot.round === message.ballot.round

/** Whether the bootstrapping replica of this decree has seen all voters. */
export const hasGathered = (record: DatabaseRecord | undefined, decree: Decree): boolean =>
  Object.values(record?.replicas ?? {}).some(
    ({ value }) => value.clusterId === decree.clusterId && (value.voters ?? 0) >= decree.replicationFactor,
  )

/** A node of this decree that says its replica failed, and why. */
export const failedReplica = (
  record: DatabaseRecord | undefined,
  decree: Decree,
): { readonly peerId: string; readonly error: string } | undefined => {
  for (const { peerId } of decree.replicas) {
    const state = record?.replicas[peerId]?.value
    if (state?.clusterId === decree.clusterId && state.status === 'failed')
      return { peerId, error: state.error ?? 'it gave no reason' }
  }
  return undefined
}

/** The same aim after one node's replica failed: its cluster is given up. */
export const withFailure = (
  state: CreationState,
  failure: { readonly clusterId: string; readonly peerId: string; readonly error: string },
): CreationState => ({
  ...state,
  abandoned: new Set([...state.abandoned, failure.clusterId]),
  failures: new Map([...state.failures, [failure.peerId, (state.failures.get(failure.peerId) ?? 0) + 1]]),
  lastError: `${failure.error} (on ${failure.peerId})`,
})

/** Offers of nodes that may be tried. */
export const usableOffers = (state: CreationState): Tally['offers'] =>
  state.tally.offers.filter((offer) => (state.failures.get(offer.peerId) ?? 0) < FAILURES_PER_NODE)

export type Refusal = NodeMessageOf<'DATABASE_CREATE_RESPONSE'> | NodeMessageOf<'DATABASE_CREATE_ACCEPTED'>
