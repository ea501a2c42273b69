import type { RosterVote } from '@dbcluster/coordinator'
import type { AcceptorEntry, NodeMessageOf, Roster } from '@dbcluster/protocol'
import { compareBallots } from '@dbcluster/protocol'
import type { SimNode } from '../sim-node.js'

/** A value chosen for one generation of a name: a cluster, or the end of the generation. */
export interface ChosenSlot {
  readonly name: string
  readonly generation: number
  readonly clusterId: string | 'ended'
}

interface VotesInit {
  readonly fail: (invariant: string, message: string) => never
  readonly onChosen: (slot: ChosenSlot) => void
}

/**
 * Counts votes as an omniscient observer: a value is chosen once a majority of an epoch's acceptors voted for it under
 * one ballot, whether or not anybody knows.
 */
export class Votes {
  readonly #init: VotesInit
  readonly #rosters = new Map<number, Roster>()
  readonly #counts = new Map<string, { readonly voters: Set<string>; readonly clusterId: string }>()
  readonly #chosen = new Map<string, string>()
  readonly #reserved = new Set<string>()
  readonly #ended = new Set<string>()

  constructor(init: VotesInit) {
    this.#init = init
  }

  /** There is one roster per epoch. */
  learnRoster(roster: Roster): void {
    const known = this.#rosters.get(roster.epoch)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(roster)) {
      this.#init.fail(
        'one roster per epoch',
        `epoch ${roster.epoch} has two: ${JSON.stringify(known.members)} and ${JSON.stringify(roster.members)}`,
      )
    }
    this.#rosters.set(roster.epoch, roster)
  }

  isReserved(clusterId: string): boolean {
    return this.#reserved.has(clusterId)
  }

  /** Which cluster was chosen for good. */
  chosenFor(name: string, generation: number): string | undefined {
    return this.#chosen.get(`${name}/${generation}`)
  }

  cast(node: SimNode, vote: NodeMessageOf<'DATABASE_CREATE_ACCEPTED'>): void {
    const { name, generation, ballot, epoch, established } = vote
    const entry = node.store.get(`acceptor/${name}`) as AcceptorEntry | undefined
    const accepted = entry?.generation === generation ? entry.accepted : undefined
    if (accepted === undefined || compareBallots(accepted.ballot, ballot) !== 0) {
      this.#init.fail('durable first', `${node.peerId} sent a vote on ${name} that is not on its disk`)
    }
    this.#mustBeAcceptor(node, epoch)
    const { clusterId } = accepted.decree
    const key = `${name}/${generation}/${epoch}/${ballot.round}/${ballot.proposer}`
    const all = this.#count(`${key}/any`, clusterId, node.peerId)
    if (this.#isMajority(epoch, all)) this.#reserved.add(clusterId)
    if (!established) return
    const final = this.#count(`${key}/established`, clusterId, node.peerId)
    if (this.#isMajority(epoch, final)) this.#choose({ name, generation, clusterId })
  }

  /** A proposer of rosters uses a ballot once. */
  castRoster(node: SimNode, { epoch, ballot }: NodeMessageOf<'NODE_ROSTER_ACCEPTED'>): void {
    const vote = node.store.get('rosterVote') as RosterVote | undefined
    const value = JSON.stringify(vote?.accepted?.roster.members)
    this.#count(`roster/${epoch}/${ballot.round}/${ballot.proposer}`, value, node.peerId)
  }

  castEnd(node: SimNode, vote: NodeMessageOf<'DATABASE_DELETE_RESPONSE'>): void {
    const entry = node.store.get(`acceptor/${vote.name}`) as AcceptorEntry | undefined
    const epoch = (node.store.get('roster') as Roster | undefined)?.epoch ?? 0
    if (entry === undefined) return
    const { name, generation } = entry
    if (!entry.deleted) return
    this.#mustBeAcceptor(node, epoch)
    const voters = this.#count(`${name}/${generation}/${epoch}/end`, 'ended', node.peerId)
    if (!this.#isMajority(epoch, voters)) return
    this.#ended.add(`${name}/${generation}`)
    this.#init.onChosen({ name, generation, clusterId: 'ended' })
  }

  /** The generation of a name for which this cluster was chosen for good. */
  generationOf(name: string, clusterId: string): number | undefined {
    for (const [key, chosen] of this.#chosen)
      if (chosen === clusterId && key.startsWith(`${name}/`)) return Number(key.slice(name.length + 1))
    return undefined
  }

  /** A majority remembers that this generation ended. */
  hasEnded(name: string, generation: number): boolean {
    return this.#ended.has(`${name}/${generation}`)
  }

  /** Proposals come from acceptors alone: another one might use a ballot that its lost store knew as taken. */
  proposed(node: SimNode, { epoch }: NodeMessageOf<'DATABASE_CREATE_REQUEST'>): void {
    this.#mustBeAcceptor(node, epoch)
  }

  #mustBeAcceptor(node: SimNode, epoch: number): void {
    const own = this.#rosters.get(epoch)?.members.find(({ peerId }) => peerId === node.peerId)
    if (own?.incarnation !== node.incarnation)
      this.#init.fail('I1 acceptors', `${node.peerId} spoke in epoch ${epoch}, whose acceptor it is not`)
  }

  #choose(slot: ChosenSlot): void {
    const key = `${slot.name}/${slot.generation}`
    const known = this.#chosen.get(key)
    if (known === slot.clusterId) return
    if (known !== undefined)
      this.#init.fail('I1 one cluster', `${key} has two clusters chosen by majorities: ${known} and ${slot.clusterId}`)
    this.#chosen.set(key, slot.clusterId)
    this.#init.onChosen(slot)
  }

  #count(key: string, clusterId: string, peerId: string): number {
    const count = this.#counts.get(key) ?? { voters: new Set<string>(), clusterId }
    if (count.clusterId !== clusterId)
      this.#init.fail('one value per ballot', `${key} carries ${count.clusterId} and ${clusterId}`)
    this.#counts.set(key, count)
    return count.voters.add(peerId).size
  }

  #isMajority(epoch: number, count: number): boolean {
    const roster = this.#rosters.get(epoch)
    return roster !== undefined && count > roster.members.length / 2
  }
}
