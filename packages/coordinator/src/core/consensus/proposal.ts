import {
  type Accepted,
  type Ballot,
  compareText,
  type DeclineReason,
  type Decree,
  type ReplicaAssignment,
} from '@dbcluster/protocol'
import { laterVote } from './acceptor.js'

/** What came back to one proposer under one ballot. Pure bookkeeping; `creation.ts` acts on it. */
export interface Tally {
  readonly promises: ReadonlySet<string>
  /** Those who answered that they may not promise. */
  readonly refused: ReadonlySet<string>
  readonly offers: readonly ReplicaAssignment[]
  readonly declined: ReadonlyMap<string, DeclineReason>
  readonly votes: readonly Accepted[]
}

export const EMPTY_TALLY: Tally = {
  promises: new Set(),
  refused: new Set(),
  offers: [],
  declined: new Map(),
  votes: [],
}

/** One promise counted; a repeated one changes nothing. */
export const countPromise = (
  tally: Tally,
  from: string,
  promise: { readonly accepted?: Accepted; readonly offer?: ReplicaAssignment; readonly declined?: DeclineReason },
): Tally => {
  if (tally.promises.has(from)) return tally
  return {
    ...tally,
    promises: new Set([...tally.promises, from]),
    offers: promise.offer?.peerId === from ? [...tally.offers, promise.offer] : tally.offers,
    declined: promise.declined === undefined ? tally.declined : new Map([...tally.declined, [from, promise.declined]]),
    votes: promise.accepted === undefined ? tally.votes : [...tally.votes, promise.accepted],
  }
}

/** One refusal that says nothing but no. */
export const countRefusal = (tally: Tally, from: string): Tally => ({
  ...tally,
  refused: new Set([...tally.refused, from]),
})

/**
 * The decree that a majority may already have chosen, which then must be proposed again. Only established votes
 * choose; and everything proposed above a chosen decree is that decree, so the highest vote's cluster is the only
 * candidate.
 */
export const mustPropose = (votes: readonly Accepted[]): Decree | undefined => {
  const highest = votes.reduce<Accepted | undefined>(laterVote, undefined)
  if (highest === undefined) return undefined
  const { clusterId } = highest.decree
  return votes.some((vote) => vote.established && vote.decree.clusterId === clusterId) ? highest.decree : undefined
}

/** The highest vote seen; its proposer may still be at work. */
export const highestVote = (votes: readonly Accepted[]): Accepted | undefined =>
  votes.reduce<Accepted | undefined>(laterVote, undefined)

/**
 * Chooses where replicas go: the least loaded first, ties by peer id, so that every coordinator would choose alike. The
 * coordinator's own replica, if chosen, bootstraps: it learns first that the decree stands.
 */
export const chooseReplicas = (
  offers: readonly ReplicaAssignment[],
  choice: { readonly count: number; readonly coordinator: string; readonly loadOf: (peerId: string) => number },
): readonly ReplicaAssignment[] => {
  const order = [...offers].sort(
    (a, b) => choice.loadOf(a.peerId) - choice.loadOf(b.peerId) || compareText(a.peerId, b.peerId),
  )
  const chosen = order.slice(0, choice.count)
  return [
    ...chosen.filter((offer) => offer.peerId === choice.coordinator),
    ...chosen.filter((offer) => offer.peerId !== choice.coordinator),
  ]
}

/** The ballot above everything seen so far. */
export const nextBallot = (proposer: string, seen: readonly (Ballot | undefined)[]): Ballot => ({
  round: Math.max(0, ...seen.map((ballot) => ballot?.round ?? 0)) + 1,
  proposer,
})

/** `full on 12D3…abcd, no_ports on …` for the error of a creation that found too few nodes. */
export const describeDeclines = (declined: ReadonlyMap<string, DeclineReason>): string =>
  [...declined]
    .sort(([a], [b]) => compareText(a, b))
    .map(([peerId, reason]) => `${reason} on ${peerId}`)
    .join(', ')
