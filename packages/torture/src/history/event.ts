/** How fresh a read was asked to be. */
export type Level = 'none' | 'weak' | 'linearizable' | 'strong'

/** Money that goes from one account to another; `id` is unique within the run. */
export interface Transfer {
  readonly id: number
  readonly from: number
  readonly to: number
  readonly amount: number
}

/**
 * What a client asked for. `key` is `<database>/<name>`, and every value that is written to a key is written once only:
 * whoever reads it tells which write it saw.
 */
export type Invocation =
  | { readonly f: 'register.write'; readonly key: string; readonly value: number }
  /** Set `to` where `from` stands; where it does not, the operation fails. */
  | { readonly f: 'register.cas'; readonly key: string; readonly value: readonly [from: number, to: number] }
  | { readonly f: 'register.read'; readonly key: string; readonly level: Level }
  | { readonly f: 'list.append'; readonly key: string; readonly value: number }
  | { readonly f: 'list.read'; readonly key: string; readonly level: Level }
  | { readonly f: 'bank.transfer'; readonly key: string; readonly value: Transfer }
  | { readonly f: 'bank.read'; readonly key: string; readonly level: Level }
  /** Balances together with every transfer on record, in one statement. */
  | { readonly f: 'bank.audit'; readonly key: string; readonly level: Level }
  /** The hash of everything that the replica on one node holds; asked for when nothing is written any more. */
  | { readonly f: 'replica.dump'; readonly key: string; readonly value: string }

/** What each kind of read brings back. */
export interface Outputs {
  readonly 'register.read': number | null
  readonly 'list.read': readonly number[]
  readonly 'bank.read': readonly number[]
  readonly 'bank.audit': { readonly balances: readonly number[]; readonly transfers: readonly Transfer[] }
  readonly 'replica.dump': { readonly hash: string; readonly rows: number }
}

/** What the run was made of; the first line of a history. */
export interface RunHeader {
  readonly seed: number
  readonly minutes: number
  readonly accounts: number
  readonly balance: number
  readonly databases: readonly string[]
  /** Where its nodes live: `namespaces` of the network, or one `loopback`. */
  readonly hosts: string
}

interface Stamp {
  /** Microseconds of a monotonic clock since the start of the run. */
  readonly at: number
}

/**
 * One line of a history (the shape of Jepsen's: https://jepsen-io.github.io/jepsen/jepsen.history.html). Lines stand in
 * the order in which the one process that writes them saw things happen. A process does one thing after the other; one
 * whose operation ended as `info`, with an outcome that nobody knows, does not go on: another takes its place.
 */
export type HistoryEvent = Stamp &
  (
    | ({ readonly type: 'invoke'; readonly process: number; readonly via: string } & Invocation)
    | { readonly type: 'ok'; readonly process: number; readonly output?: unknown }
    /** Certainly not applied, or so the error says. */
    | { readonly type: 'fail'; readonly process: number; readonly error: string; readonly text?: string }
    | { readonly type: 'info'; readonly process: number; readonly error: string; readonly text?: string }
    | { readonly type: 'run'; readonly run: RunHeader }
    /** The end of the load: reads of it come after this line. */
    | { readonly type: 'quiet' }
    /** A fault begins, ends, or could not be had on this machine or with this build. */
    | {
        readonly type: 'fault'
        readonly fault: string
        readonly phase: 'begin' | 'end' | 'skip'
        readonly what: string
      }
    /** What should not have happened, seen by the run itself: a node that does not start, a database that does not recover. */
    | { readonly type: 'problem'; readonly what: string }
    /** What is worth knowing, and judged by nobody. */
    | { readonly type: 'note'; readonly what: string }
    /** The leader of a database's cluster was killed or cut off. */
    | { readonly type: 'leaderless'; readonly database: string; readonly how: string }
  )
