import { type Ballot, compareBallots, ZERO_BALLOT } from '@dbcluster/protocol'

/** "Paxos Made Simple" to the letter, for one value: what the real acceptor is held against. */
export class SimpleAcceptor<V> {
  promised: Ballot = ZERO_BALLOT
  accepted: { readonly ballot: Ballot; readonly value: V } | undefined

  prepare(ballot: Ballot): { readonly accepted: SimpleAcceptor<V>['accepted'] } | undefined {
    if (compareBallots(ballot, this.promised) <= 0) return undefined
    this.promised = ballot
    return { accepted: this.accepted }
  }

  accept(ballot: Ballot, value: V): boolean {
    if (compareBallots(ballot, this.promised) < 0) return false
    this.promised = ballot
    this.accepted = { ballot, value }
    return true
  }
}

/** Counts votes per ballot and value, and knows what a majority chose. */
export class Ballots {
  readonly #size: number
  readonly #votes = new Map<string, Set<number>>()
  readonly chosen = new Set<string>()

  constructor(acceptors: number) {
    this.#size = acceptors
  }

  cast(ballot: Ballot, value: string, acceptor: number): void {
    const key = `${ballot.round}/${ballot.proposer}/${value}`
    const votes = this.#votes.get(key) ?? new Set<number>()
    this.#votes.set(key, votes.add(acceptor))
    if (votes.size > this.#size / 2) this.chosen.add(value)
  }
}
