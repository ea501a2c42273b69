import type { Command, Entry, Voter } from './entry.js'

/**
 * What a member has on disk. Snapshots are not modelled as such, since nothing but their age could be seen: the log is
 * kept whole, and `peers.json` puts a configuration behind its end, as rqlited's recovery does.
 */
export class RaftLog {
  term = 0
  #entries: Entry[] = []
  /** Configurations by the index from which they hold, in order. */
  #configurations: { readonly index: number; readonly voters: readonly Voter[] }[] = []

  get lastIndex(): number {
    return this.#entries.length
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? 0
  }

  /** The newest configuration, committed or not: the one that Raft goes by. */
  get voters(): readonly Voter[] {
    return this.#configurations.at(-1)?.voters ?? []
  }

  /** From which index the newest configuration holds. */
  get configurationIndex(): number {
    return this.#configurations.at(-1)?.index ?? 0
  }

  entries(): readonly Entry[] {
    return this.#entries
  }

  entry(index: number): Entry | undefined {
    return this.#entries[index - 1]
  }

  termAt(index: number): number {
    return this.#entries[index - 1]?.term ?? 0
  }

  append(term: number, command: Command): Entry {
    const entry = { index: this.lastIndex + 1, term, command }
    this.#push(entry)
    return entry
  }

  /** Takes over what another log has and this one lacks, and drops what contradicts it. @returns the last common index */
  follow(other: RaftLog): number {
    let common = Math.min(this.lastIndex, other.lastIndex)
    while (common > 0 && this.termAt(common) !== other.termAt(common)) common -= 1
    if (common < this.lastIndex && common < other.lastIndex) this.#truncateTo(common)
    for (let index = this.lastIndex + 1; index <= other.lastIndex; index += 1) {
      const entry = other.entry(index)
      if (entry !== undefined) this.#push(entry)
    }
    return common
  }

  /** What `peers.json` does: all of the log counts as committed, and this configuration holds behind it. */
  recover(voters: readonly Voter[]): void {
    this.#configurations.push({ index: this.lastIndex, voters })
  }

  /** As a copy of the directory would be. */
  copy(): RaftLog {
    const copy = new RaftLog()
    copy.term = this.term
    copy.#entries = [...this.#entries]
    copy.#configurations = [...this.#configurations]
    return copy
  }

  /** The value of a register as of an index. */
  valueAt(key: string, index: number): number | undefined {
    for (let at = index; at > 0; at -= 1) {
      const command = this.#entries[at - 1]?.command
      if (command?.kind === 'write' && command.write.key === key) return command.write.value
    }
    return undefined
  }

  #push(entry: Entry): void {
    this.#entries.push(entry)
    if (entry.command.kind === 'config') this.#configurations.push({ index: entry.index, voters: entry.command.voters })
  }

  #truncateTo(index: number): void {
    this.#entries.length = index
    this.#configurations = this.#configurations.filter((configuration) => configuration.index <= index)
  }
}
