import {
  type Accepted,
  type AcceptorEntry,
  type Ballot,
  compareBallots,
  type Decree,
  ZERO_BALLOT,
} from '@dbcluster/protocol'

/** Which decree of a name a message is about, and under which ballot. */
export interface Slot {
  readonly name: string
  readonly generation: number
  readonly ballot: Ballot
}

/** What an acceptor answers: its vote, or what it knows that forbids it. */
export type Verdict =
  | { readonly granted: true; readonly entry: AcceptorEntry }
  | { readonly granted: false; readonly why: 'promisedHigher'; readonly highest: Ballot }
  | { readonly granted: false; readonly why: 'final' | 'ended' | 'newerGeneration' }

/** Memory of a generation nobody asked about yet. */
const blank = (slot: Slot): AcceptorEntry => ({
  name: slot.name,
  generation: slot.generation,
  promised: ZERO_BALLOT,
  deleted: false,
})

/** The entry that speaks for this slot's generation, or why there is none. */
const entryFor = (known: AcceptorEntry | undefined, slot: Slot): AcceptorEntry | 'ended' | 'newerGeneration' => {
  if (known === undefined || known.generation < slot.generation) return blank(slot)
  if (known.generation > slot.generation) return 'newerGeneration'
  return known.deleted ? 'ended' : known
}

/**
 * Phase 1 (Lamport, "Paxos Made Simple"): promises to accept nothing below this ballot. The answer must carry
 * `entry.accepted`, and the entry must be on disk before it is given.
 */
export const promise = (known: AcceptorEntry | undefined, slot: Slot): Verdict => {
  const entry = entryFor(known, slot)
  if (typeof entry === 'string') return { granted: false, why: entry }
  if (compareBallots(slot.ballot, entry.promised) <= 0) {
    return { granted: false, why: 'promisedHigher', highest: entry.promised }
  }
  return { granted: true, entry: { ...entry, promised: slot.ballot } }
}

/**
 * Phase 2. The first vote (`established: false`) reserves: a higher ballot may still choose another cluster, since no
 * write can have been acknowledged. The second (`established: true`) is the one that chooses: a majority of them is
 * final, and every later promise quorum meets at least one.
 */
export const accept = (
  known: AcceptorEntry | undefined,
  slot: Slot,
  vote: { readonly decree: Decree; readonly established: boolean },
): Verdict => {
  const entry = entryFor(known, slot)
  if (typeof entry === 'string') return { granted: false, why: entry }
  if (compareBallots(slot.ballot, entry.promised) < 0) {
    return { granted: false, why: 'promisedHigher', highest: entry.promised }
  }
  const before = entry.accepted
  const sameCluster = before?.decree.clusterId === vote.decree.clusterId
  if (before?.established === true && !sameCluster && compareBallots(slot.ballot, before.ballot) === 0) {
    return { granted: false, why: 'final' }
  }
  const accepted: Accepted = {
    ballot: slot.ballot,
    decree: vote.decree,
    established: vote.established || (sameCluster && before?.established === true),
  }
  return { granted: true, entry: { ...entry, promised: slot.ballot, accepted } }
}

/** Remembers that a generation ended: the only value that slot can take, so no ballot is needed. */
export const end = (known: AcceptorEntry | undefined, slot: Omit<Slot, 'ballot'>): AcceptorEntry => {
  if (known !== undefined && known.generation > slot.generation) return known
  const base = known?.generation === slot.generation ? known : blank({ ...slot, ballot: ZERO_BALLOT })
  return { ...base, deleted: true }
}

/**
 * What a new acceptor, or one that stays when another goes, knows after reading a second memory. This is knowledge
 * and no vote: nobody counts it under the ballot it came with.
 */
export const learn = (known: AcceptorEntry | undefined, other: AcceptorEntry): AcceptorEntry => {
  if (known === undefined || known.generation < other.generation) return other
  if (known.generation > other.generation) return known
  const promised = compareBallots(known.promised, other.promised) >= 0 ? known.promised : other.promised
  const accepted = laterVote(known.accepted, other.accepted)
  return {
    name: known.name,
    generation: known.generation,
    promised,
    deleted: known.deleted || other.deleted,
    ...(accepted === undefined ? {} : { accepted }),
  }
}

/** The vote under the higher ballot; what is known to be established stays so when both are for one cluster. */
export const laterVote = (a: Accepted | undefined, b: Accepted | undefined): Accepted | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  const [later, earlier] = compareBallots(a.ballot, b.ballot) >= 0 ? [a, b] : [b, a]
  const sameCluster = later.decree.clusterId === earlier.decree.clusterId
  return sameCluster && earlier.established ? { ...later, established: true } : later
}
