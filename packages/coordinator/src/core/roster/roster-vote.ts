import { type Ballot, compareBallots, type Roster, ZERO_BALLOT } from '@dbcluster/protocol'
import type { RosterVote } from '../events.js'

/** An acceptor's answer about the next roster. */
export type RosterVerdict =
  | { readonly granted: true; readonly vote: RosterVote }
  | { readonly granted: false; readonly highest: Ballot }

const current = (vote: RosterVote | undefined, epoch: number): RosterVote =>
  vote !== undefined && vote.epoch === epoch ? vote : { epoch, promised: ZERO_BALLOT }

/** Phase 1 of the decree "roster of epoch N", whose acceptors are the members of epoch N-1. */
export const promiseRoster = (known: RosterVote | undefined, epoch: number, ballot: Ballot): RosterVerdict => {
  const vote = current(known, epoch)
  if (compareBallots(ballot, vote.promised) <= 0) return { granted: false, highest: vote.promised }
  return { granted: true, vote: { ...vote, promised: ballot } }
}

/** Phase 2 of it. */
export const acceptRoster = (known: RosterVote | undefined, ballot: Ballot, roster: Roster): RosterVerdict => {
  const vote = current(known, roster.epoch)
  if (compareBallots(ballot, vote.promised) < 0) return { granted: false, highest: vote.promised }
  return { granted: true, vote: { epoch: roster.epoch, promised: ballot, accepted: { ballot, roster } } }
}
