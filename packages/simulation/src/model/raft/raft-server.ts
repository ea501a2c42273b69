import type { Command, Entry, Voter } from './entry.js'
import type { RaftLog } from './raft-log.js'

/** How a proposal ended: committed, certainly not taken up, or nobody knows. */
export type Outcome = 'committed' | 'refused' | 'unknown'

export interface Proposal {
  readonly entry: Entry
  readonly done: (outcome: Outcome) => void
}

/** A change of membership that waits for its turn at the leader: one at a time, each committed before the next. */
export interface Change {
  /** The configuration after it, or nothing when there is nothing to change. */
  readonly next: (voters: readonly Voter[]) => readonly Voter[] | undefined
  readonly done: (outcome: Outcome) => void
  /** Given up then, virtual milliseconds. */
  readonly untilMs: number
}

export interface RaftServerInit {
  readonly id: string
  readonly clusterId: string
  /** The history that its certificate is of; others do not speak with it. */
  readonly recovery: number
  /** Machine it runs on. */
  readonly peerId: string
  readonly address: string
  readonly log: RaftLog
}

/** A running rqlited as the others see it. Its log outlives it. */
export class RaftServer {
  readonly id: string
  readonly clusterId: string
  readonly recovery: number
  readonly peerId: string
  readonly address: string
  readonly log: RaftLog
  role: 'follower' | 'leader' = 'follower'
  /** Whom it takes for the leader. */
  leader: RaftServer | undefined
  heardMs = 0
  electionDueMs = Number.POSITIVE_INFINITY
  commitIndex = 0
  paused = false
  up = true
  /** No room on its disk: nothing can be appended. */
  full = false
  /** Leader only: how far each voter's log is known to agree. */
  readonly match = new Map<string, number>()
  /** Leader only: when a majority was last heard of. */
  quorumMs = 0
  proposals: Proposal[] = []
  changes: Change[] = []

  constructor(init: RaftServerInit) {
    this.id = init.id
    this.clusterId = init.clusterId
    this.recovery = init.recovery
    this.peerId = init.peerId
    this.address = init.address
    this.log = init.log
  }

  get working(): boolean {
    return this.up && !this.paused
  }

  /** Whether its newest configuration counts it in. */
  get isVoter(): boolean {
    return this.log.voters.some(({ id }) => id === this.id)
  }

  lead(command: Command): Entry {
    return this.log.append(this.log.term, command)
  }

  /** It leads no more; what was not committed is open. */
  stepDown(electionDueMs: number): void {
    this.role = 'follower'
    this.leader = undefined
    this.electionDueMs = electionDueMs
    const { proposals, changes } = this
    this.proposals = []
    this.changes = []
    for (const { done } of proposals) done('unknown')
    for (const { done } of changes) done('refused')
  }
}
