/** One member of a Raft configuration. Read-only members are not modelled: dbcluster has none. */
export interface Voter {
  readonly id: string
  /** Where its Raft port is, `host:port`. */
  readonly address: string
}

/** What an entry of the log carries. */
export type Command =
  /** A new leader's first entry, and every read through Raft. */
  | { readonly kind: 'noop' }
  | { readonly kind: 'config'; readonly voters: readonly Voter[] }
  | { readonly kind: 'write'; readonly write: Write }

/** A register gets a value. */
export interface Write {
  /** Names this attempt, whoever repeats it. */
  readonly id: string
  readonly key: string
  readonly value: number
}

/** An entry of the log: the same index and term mean the same entry, as long as Raft's rules hold. */
export interface Entry {
  readonly index: number
  readonly term: number
  readonly command: Command
}
