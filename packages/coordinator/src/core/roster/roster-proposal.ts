import { type Ballot, compareBallots, type NodeMessageOf, type Roster } from '@dbcluster/protocol'
import type { MemoryReader } from '../consensus/memory-reader.js'
import type { RosterChange } from './roster-after.js'

/** One attempt at the next roster, under one ballot. */
export interface RosterProposal {
  readonly change: RosterChange
  readonly epoch: number
  readonly ballot: Ballot
  readonly phase: 'reading' | 'storing' | 'promising' | 'accepting'
  readonly votes: ReadonlySet<string>
  readonly seen: NodeMessageOf<'NODE_ROSTER_PROMISE'>['accepted']
  readonly proposed?: Roster
  readonly reader?: MemoryReader
  readonly storeId?: string
  readonly deadlineMs: number
}

/** The vote under the higher ballot, which must be proposed again. */
export const higherRosterVote = (a: RosterProposal['seen'], b: RosterProposal['seen']): RosterProposal['seen'] => {
  if (a === undefined || b === undefined) return a ?? b
  return compareBallots(a.ballot, b.ballot) >= 0 ? a : b
}
