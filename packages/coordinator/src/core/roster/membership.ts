import type { NodeMessageOf, Roster } from '@dbcluster/protocol'
import { pageOf, rememberAll } from '../consensus/memory-reader.js'
import type { CoreContext } from '../context.js'
import type { RosterVote } from '../events.js'
import { Admission } from './admission.js'
import { RosterChanges } from './roster-change.js'
import { acceptRoster, promiseRoster } from './roster-vote.js'

/**
 * This node in the roster: founding, admission, voting on changes, and lending its memory to newcomers.
 * A newcomer first copies what a majority of the acceptors remember, and only then may be admitted to that epoch's
 * successor; DESIGN.md proves why no decision can be lost that way.
 */
export class Membership {
  readonly #context: CoreContext
  readonly #changes: RosterChanges
  readonly #admission: Admission
  #vote: RosterVote | undefined

  constructor(context: CoreContext, vote: RosterVote | undefined) {
    this.#context = context
    this.#vote = vote
    this.#admission = new Admission(context)
    this.#changes = new RosterChanges(context, {
      decided: (roster) => this.adopt(roster),
      ownVote: () => this.#vote,
    })
  }

  /** The first node of a network: a roster of one. */
  found(): void {
    if (this.#context.roster !== undefined) return
    this.#install({ networkId: this.#context.entropy, epoch: 1, members: [this.#context.self] })
    this.#context.log('info', 'Founded a network', { network_id: this.#context.entropy })
  }

  /** A newer roster of our network replaces the one we know. */
  adopt(roster: Roster): void {
    const known = this.#context.roster
    if (known !== undefined && known.networkId !== roster.networkId) {
      return this.#context.log('error', 'A peer belongs to another network', {
        ours: known.networkId,
        theirs: roster.networkId,
      })
    }
    if (known !== undefined && known.epoch >= roster.epoch) return
    const wasAdmitted = this.#context.admitted
    this.#install(roster)
    this.#changes.onRoster()
    if (!wasAdmitted && this.#context.admitted)
      this.#context.log('info', 'Admitted to the network', { epoch: roster.epoch, members: roster.members.length })
  }

  greet(peerId: string): void {
    if (this.#context.roster !== undefined)
      this.#context.send(peerId, { type: 'NODE_ROSTER', roster: this.#context.roster })
    this.#admission.hurry()
  }

  tick(): void {
    this.#changes.tick()
    this.#admission.tick()
  }

  nextDeadlineMs(): number {
    return Math.min(this.#admission.nextDeadlineMs(), this.#changes.nextDeadlineMs())
  }

  onJoinRequest(from: string, message: NodeMessageOf<'NODE_JOIN_REQUEST'>): void {
    const { roster } = this.#context
    if (roster === undefined || message.member.peerId !== from) return
    const known = roster.members.find((member) => member.peerId === from)
    if (known?.incarnation !== message.member.incarnation && this.#context.admitted) {
      if (known !== undefined) this.#changes.propose({ remove: known })
      else if (message.syncedEpoch === roster.epoch) this.#changes.propose({ add: message.member })
    }
    this.#context.send(from, { type: 'NODE_ROSTER', roster })
  }

  /** An operator has a member struck off that will not come back. */
  forget(peerId: string): void {
    const member = this.#context.roster?.members.find((known) => known.peerId === peerId)
    if (member !== undefined && this.#context.admitted) this.#changes.propose({ remove: member })
  }

  onRoster(from: string, message: NodeMessageOf<'NODE_ROSTER'>): void {
    const known = this.#context.roster
    if (known !== undefined && message.roster.epoch < known.epoch && message.roster.networkId === known.networkId) {
      return this.#context.send(from, { type: 'NODE_ROSTER', roster: known })
    }
    this.adopt(message.roster)
    this.#admission.onRoster()
  }

  onPrepare(from: string, { epoch, ballot }: NodeMessageOf<'NODE_ROSTER_PREPARE'>): void {
    if (!this.#mayVote(from, epoch)) return
    const verdict = promiseRoster(this.#vote, epoch, ballot)
    const reply = { type: 'NODE_ROSTER_PROMISE', epoch, ballot } as const
    if (!verdict.granted) return this.#context.send(from, { ...reply, promised: false, highest: verdict.highest })
    this.#rememberVote(verdict.vote)
    const { accepted } = verdict.vote
    this.#context.send(from, { ...reply, promised: true, ...(accepted === undefined ? {} : { accepted }) })
  }

  onAccept(from: string, { epoch, ballot, roster }: NodeMessageOf<'NODE_ROSTER_ACCEPT'>): void {
    if (!this.#mayVote(from, epoch) || roster.epoch !== epoch) return
    const verdict = acceptRoster(this.#vote, ballot, roster)
    const reply = { type: 'NODE_ROSTER_ACCEPTED', epoch, ballot } as const
    if (!verdict.granted) return this.#context.send(from, { ...reply, accepted: false, highest: verdict.highest })
    this.#rememberVote(verdict.vote)
    this.#context.send(from, { ...reply, accepted: true })
  }

  onPromise(from: string, message: NodeMessageOf<'NODE_ROSTER_PROMISE'>): void {
    this.#changes.onPromise(from, message)
  }

  onAccepted(from: string, message: NodeMessageOf<'NODE_ROSTER_ACCEPTED'>): void {
    this.#changes.onAccepted(from, message)
  }

  /** Somebody copies our memory. We answer only under the epoch we know, and serve no older one from then on. */
  onRead(from: string, message: NodeMessageOf<'NODE_ACCEPTOR_READ'>): void {
    const { roster } = this.#context
    if (roster === undefined || !this.#context.admitted) return
    if (roster.epoch !== message.epoch) return this.#context.send(from, { type: 'NODE_ROSTER', roster })
    const { readId, epoch, after } = message
    this.#context.send(from, {
      type: 'NODE_ACCEPTOR_PAGE',
      readId,
      epoch,
      after,
      ...pageOf(this.#context.acceptors, after),
    })
  }

  onPage(from: string, message: NodeMessageOf<'NODE_ACCEPTOR_PAGE'>): void {
    this.#changes.onPage(from, message)
    this.#admission.onPage(from, message)
  }

  onStore(from: string, message: NodeMessageOf<'NODE_ACCEPTOR_STORE'>): void {
    if (!this.#context.isMember(from)) return
    rememberAll(this.#context, message.entries)
    this.#context.send(from, { type: 'NODE_ACCEPTOR_STORED', storeId: message.storeId })
  }

  onStored(from: string, message: NodeMessageOf<'NODE_ACCEPTOR_STORED'>): void {
    this.#changes.onStored(from, message)
  }

  #mayVote(from: string, epoch: number): boolean {
    const { roster } = this.#context
    if (roster === undefined || !this.#context.admitted) return false
    if (epoch === roster.epoch + 1 && this.#context.isMember(from)) return true
    this.#context.send(from, { type: 'NODE_ROSTER', roster })
    return false
  }

  #rememberVote(vote: RosterVote): void {
    this.#vote = vote
    this.#context.persist('rosterVote', vote)
  }

  #install(roster: Roster): void {
    this.#context.roster = roster
    this.#context.persist('roster', roster)
    this.#context.emit({ type: 'rosterChanged', roster })
    this.#context.onRosterChanged()
  }
}
