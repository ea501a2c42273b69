import type { Entry, Voter } from './entry.js'
import type { RaftLog } from './raft-log.js'
import type { RaftServer } from './raft-server.js'

/** Told of what Raft must never do: it can only come from how it is used. */
export type OnBroken = (invariant: string, message: string) => void

/**
 * All that ever happened in one history of one cluster id, as somebody sees it who sees everything. Each recovery from one
 * replica alone begins a new history.
 */
export class ClusterRecord {
  readonly clusterId: string
  readonly recovery: number
  readonly name: string
  bootstraps = 0
  /** The most voters that were ever in its committed configuration. */
  peakVoters = 0
  readonly #onBroken: OnBroken
  readonly #committed: Entry[] = []
  readonly #leaders = new Map<number, string>()
  readonly #held = new Map<string, number>()
  #voters: readonly Voter[] = []
  #survivor: string | undefined

  constructor(init: {
    readonly clusterId: string
    readonly recovery: number
    readonly name: string
    readonly onBroken: OnBroken
  }) {
    this.clusterId = init.clusterId
    this.recovery = init.recovery
    this.name = init.name
    this.#onBroken = init.onBroken
  }

  /** Entries that were committed, in order. */
  get log(): readonly Entry[] {
    return this.#committed
  }

  /** The newest configuration that was committed. */
  get voters(): readonly Voter[] {
    return this.#voters
  }

  get lastCommitted(): number {
    return this.#committed.length
  }

  /** How much of what was committed this member ever acknowledged to hold. */
  heldBy(raftId: string): number {
    return this.#held.get(raftId) ?? 0
  }

  holds(server: RaftServer): void {
    const index = Math.min(server.log.lastIndex, this.#committed.length)
    if (index > this.heldBy(server.id)) this.#held.set(server.id, index)
  }

  elected(server: RaftServer): void {
    const { term } = server.log
    const known = this.#leaders.get(term)
    if (known !== undefined && known !== server.id)
      this.#onBroken('I4 one leader', `${this.name}: ${known} and ${server.id} were both elected in term ${term}`)
    this.#leaders.set(term, server.id)
  }

  /** These indices of a leader's log are committed now: for good. */
  committed(leader: RaftServer, from: number, to: number): void {
    for (let index = from; index <= to; index += 1) {
      const entry = leader.log.entry(index)
      if (entry === undefined) continue
      const known = this.#committed[index - 1]
      if (known === undefined) this.#committed[index - 1] = entry
      else if (known !== entry)
        this.#onBroken(
          'I4 committed for good',
          `${this.name}: ${leader.id} commits another entry ${index} (term ${entry.term}) than the one committed before (term ${known.term})`,
        )
      if (entry.command.kind === 'config' && known === undefined) this.#changed(entry.command.voters)
    }
  }

  /** An operator let this member go on alone: what it has counts as committed, and nobody else belongs to it. */
  begins(survivor: string, log: RaftLog, before: ClusterRecord | undefined): void {
    if (this.#survivor !== undefined && this.#survivor !== survivor)
      this.#onBroken('I1 one recovery', `${this.name}: ${this.#survivor} and ${survivor} both went on alone`)
    this.#survivor = survivor
    this.bootstraps = before?.bootstraps ?? 0
    this.peakVoters = before?.peakVoters ?? 0
    this.#committed.length = 0
    this.#committed.push(...log.entries())
    this.#held.set(survivor, log.lastIndex)
    this.#voters = log.voters
  }

  /** `peers.json` put these in place of its voters. */
  recovered(voters: readonly Voter[]): void {
    this.#voters = voters
  }

  /**
   * I3: one voter comes or goes at a time. Where it is to be found is not what majorities are counted by: a member that
   * came up as it was, while the others recovered, leads with the addresses that it knows.
   */
  #changed(voters: readonly Voter[]): void {
    const before = new Set(this.#voters.map(({ id }) => id))
    const after = new Set(voters.map(({ id }) => id))
    const gone = [...before].filter((id) => !after.has(id))
    const come = [...after].filter((id) => !before.has(id))
    if (gone.length + come.length > 1)
      this.#onBroken('I3 one at a time', `${this.name}: [${come}] come and [${gone}] go in one change`)
    this.#voters = voters
    this.peakVoters = Math.max(this.peakVoters, voters.length)
  }

  /** A member gives up what it knew as committed. */
  overwritten(server: RaftServer, index: number): void {
    this.#onBroken(
      'I4 committed for good',
      `${this.name}: entry ${index} was committed and is overwritten on ${server.id}`,
    )
  }

  /** The last committed write to a register. */
  valueOf(key: string): number | undefined {
    for (let at = this.#committed.length - 1; at >= 0; at -= 1) {
      const command = this.#committed[at]?.command
      if (command?.kind === 'write' && command.write.key === key) return command.write.value
    }
    return undefined
  }
}
