import type { Ballot, NodeMessageOf, Roster, RosterMember } from '@dbcluster/protocol'
import { MemoryReader, storeMessages } from '../consensus/memory-reader.js'
import { nextBallot } from '../consensus/proposal.js'
import type { CoreContext } from '../context.js'
import type { RosterVote } from '../events.js'
import { membersAfter, type RosterChange, rosterAfter } from './roster-after.js'
import { higherRosterVote, type RosterProposal } from './roster-proposal.js'

/** Changes that may wait for their turn; further ones are asked for again by whoever needs them. */
const MAX_WAITING = 64
/** Proposes the next roster: one change at a time, each a single-decree Paxos among the members before it. */
export class RosterChanges {
  readonly #context: CoreContext
  readonly #decided: (roster: Roster) => void
  /** This node's own vote: its ballots must not be used twice, before and after a restart. */
  readonly #ownVote: () => RosterVote | undefined
  #waiting: RosterChange[] = []
  #running: RosterProposal | undefined
  #highest: Ballot | undefined
  #attempts = 0

  constructor(
    context: CoreContext,
    hooks: { readonly decided: (roster: Roster) => void; readonly ownVote: () => RosterVote | undefined },
  ) {
    this.#context = context
    this.#decided = hooks.decided
    this.#ownVote = hooks.ownVote
  }

  propose(change: RosterChange): void {
    const known = (other: RosterChange): boolean => JSON.stringify(other) === JSON.stringify(change)
    if (this.#waiting.some(known) || (this.#running !== undefined && known(this.#running.change))) return
    if (this.#waiting.length >= MAX_WAITING) return
    this.#waiting.push(change)
    this.#next()
  }

  /**
   * The roster moved on. What waited was asked for under the old one, by a newcomer who copied that one's memory: it is
   * void, and whoever still needs it asks again.
   */
  onRoster(): void {
    this.#running = undefined
    this.#highest = undefined
    this.#waiting = []
    this.#attempts = 0
  }

  onPage(from: string, message: NodeMessageOf<'NODE_ACCEPTOR_PAGE'>): void {
    const running = this.#running
    if (running?.phase !== 'reading' || running.reader === undefined) return
    const next = running.reader.onPage(from, message)
    if (next !== undefined) this.#context.send(from, next)
    if (running.reader.complete) this.#store(running, running.reader)
  }

  onStored(from: string, message: NodeMessageOf<'NODE_ACCEPTOR_STORED'>): void {
    const running = this.#running
    if (running?.phase !== 'storing' || message.storeId !== running.storeId) return
    const votes = new Set([...running.votes, from])
    this.#running = { ...running, votes }
    if (votes.size > this.#staying(running.change).length / 2) this.#prepare(running)
  }

  onPromise(from: string, message: NodeMessageOf<'NODE_ROSTER_PROMISE'>): void {
    const running = this.#matching(message, 'promising')
    if (running === undefined) return
    if (!message.promised) return this.#outbid(message.highest)
    const seen = higherRosterVote(running.seen, message.accepted)
    const votes = new Set([...running.votes, from])
    this.#running = { ...running, votes, seen }
    if (!this.#context.isMajority(votes.size, running.epoch - 1)) return
    const roster = seen?.roster ?? this.#rosterAfter(running.change)
    if (roster === undefined) return this.#drop()
    const { epoch, ballot } = running
    this.#running = {
      ...running,
      phase: 'accepting',
      votes: new Set(),
      seen,
      proposed: roster,
      deadlineMs: this.#deadline(),
    }
    this.#context.sendToRoster({ type: 'NODE_ROSTER_ACCEPT', epoch, ballot, roster })
  }

  onAccepted(from: string, message: NodeMessageOf<'NODE_ROSTER_ACCEPTED'>): void {
    const running = this.#matching(message, 'accepting')
    if (running === undefined) return
    if (!message.accepted) return this.#outbid(message.highest)
    const votes = new Set([...running.votes, from])
    this.#running = { ...running, votes }
    if (!this.#context.isMajority(votes.size, running.epoch - 1) || running.proposed === undefined) return
    const roster = running.proposed
    const before = this.#context.roster?.members.map((member) => member.peerId) ?? []
    this.#decided(roster)
    const everybody = new Set([...before, ...roster.members.map((member) => member.peerId)])
    for (const peerId of everybody)
      if (peerId !== this.#context.self.peerId) this.#context.send(peerId, { type: 'NODE_ROSTER', roster })
  }

  tick(): void {
    const running = this.#running
    if (running === undefined || this.#context.nowMs < running.deadlineMs) return
    this.#running = undefined
    this.#attempts += 1
    // An accepted but undecided roster must be driven to its end; a change of our own is dropped, its asker asks again.
    if (running.phase === 'accepting' || running.seen !== undefined || this.#attempts < 5)
      this.#waiting.unshift(running.change)
    this.#next()
  }

  nextDeadlineMs(): number {
    return this.#running?.deadlineMs ?? Number.POSITIVE_INFINITY
  }

  #next(): void {
    if (this.#running !== undefined) return
    const change = this.#waiting.shift()
    const { roster } = this.#context
    if (change === undefined || roster === undefined || !this.#context.admitted) return
    if (this.#rosterAfter(change) === undefined) return this.#next()
    const base = {
      change,
      epoch: roster.epoch + 1,
      ballot: { round: 0, proposer: this.#context.self.peerId },
      votes: new Set<string>(),
      seen: undefined,
      deadlineMs: this.#deadline(),
    }
    if ('add' in change) return this.#prepare({ ...base, phase: 'reading' })
    const reader = new MemoryReader(`${this.#context.self.incarnation}-r${roster.epoch}-${this.#context.nowMs}`, roster)
    this.#running = { ...base, phase: 'reading', reader }
    reader.begin((to, message) => this.#context.send(to, message))
  }

  /** Before a member goes, those who stay remember what the majority with it did. */
  #store(running: RosterProposal, reader: MemoryReader): void {
    const storeId = reader.readId
    this.#running = { ...running, phase: 'storing', votes: new Set(), storeId, deadlineMs: this.#deadline() }
    const messages = storeMessages(reader)
    for (const { peerId } of this.#staying(running.change))
      for (const message of messages) this.#context.send(peerId, message)
  }

  #prepare(running: RosterProposal): void {
    const ballot = nextBallot(this.#context.self.peerId, [
      this.#highest,
      running.ballot,
      this.#ownPromise(running.epoch),
    ])
    this.#highest = ballot
    this.#running = { ...running, phase: 'promising', ballot, votes: new Set(), deadlineMs: this.#deadline() }
    this.#context.sendToRoster({ type: 'NODE_ROSTER_PREPARE', epoch: running.epoch, ballot })
  }

  #ownPromise(epoch: number): Ballot | undefined {
    const vote = this.#ownVote()
    return vote?.epoch === epoch ? vote.promised : undefined
  }

  /** Somebody promised a higher ballot: ours will be above it when the deadline lets us try again. */
  #outbid(highest: Ballot | undefined): void {
    this.#highest = highest
  }

  #drop(): void {
    this.#running = undefined
    this.#next()
  }

  #matching(
    message: { readonly epoch: number; readonly ballot: Ballot },
    phase: RosterProposal['phase'],
  ): RosterProposal | undefined {
    const running = this.#running
    return running?.phase === phase && running.epoch === message.epoch && running.ballot.round === message.ballot.round
      ? running
      : undefined
  }

  #staying(change: RosterChange): readonly RosterMember[] {
    const { roster } = this.#context
    return roster === undefined ? [] : membersAfter(roster, change)
  }

  #rosterAfter(change: RosterChange): Roster | undefined {
    const { roster } = this.#context
    return roster === undefined ? undefined : rosterAfter(roster, change)
  }

  /** Proposers try again after times that differ, so that two of them do not chase each other. */
  #deadline(): number {
    const { nowMs, config, turn } = this.#context
    return nowMs + config.retryMs * (1 + 1.2 * turn)
  }
}
