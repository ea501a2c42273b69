import type { Consistency, DbClusterError, SqlValue } from '@dbcluster/protocol'

/** One statement with positional parameters. Blobs among them only where the binary takes them ({@link mustInline}). */
export interface RqliteStatement {
  readonly sql: string
  readonly params?: readonly SqlValue[]
}

/** What one statement gave. */
export interface RqliteResult {
  readonly columns: readonly string[]
  /** Declared types as rqlite reports them, else the type of the first row's value; `''` when that is null. */
  readonly types: readonly string[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** SQLite's change counter: for DDL and SELECT it is what the statement before left. */
  readonly rowsAffected: number
  /** SQLite's last_insert_rowid of the connection: what it was before, unless this statement inserted. */
  readonly lastInsertId: number | bigint
  /** This statement's own failure; the others of a batch are not touched by it, a transaction ends with it. */
  readonly error?: DbClusterError
}

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** @default 30_000 */
  readonly timeoutMs?: number
  /**
   * Let a follower pass the request on to its leader, over the Raft port. For when nobody can be asked at the leader's
   * own HTTP port; what fails on that way is less certain. @default false
   */
  readonly forward?: boolean
}

/** How a snapshot is taken. */
export interface SnapshotOptions extends CallOptions {
  /**
   * Entries of the log that stay behind it, at least 1: a member that lacks no more than those is sent entries, any other
   * the snapshot. @default what rqlited was started with
   */
  readonly trailingEntries?: number
}

export interface QueryOptions extends CallOptions {
  /** @default 'weak' */
  readonly level?: Consistency
  /** With level `none`: refuse data older than this (a follower that lost its leader), in milliseconds. */
  readonly freshnessMs?: number
}

export interface QueryReply {
  readonly results: readonly RqliteResult[]
  /** The level really used: `strong` where `linearizable` was asked of a binary that lacks it. */
  readonly consistency: Consistency
}

export interface ExecuteOptions extends CallOptions {
  /** All or nothing; the results end with the statement that failed. @default false */
  readonly transaction?: boolean
  /**
   * Some statement returns rows (RETURNING, or a SELECT amid a transaction): blobs then come as bytes. Costs rqlited an
   * extra look at each statement. @default false
   */
  readonly returnsRows?: boolean
}

/** One member of a Raft cluster. */
export interface RaftServer {
  readonly id: string
  /** `host:port` of its Raft port. */
  readonly address: string
  readonly voter: boolean
}

/** What one rqlited knows about its Raft cluster. Indexes as in the Raft log; all 0 before the first entry. */
export interface RaftView {
  readonly raftId: string
  readonly isLeader: boolean
  /** Undefined while no leader is known. */
  readonly leaderId: string | undefined
  readonly leaderAddress: string | undefined
  readonly term: number
  readonly lastLogIndex: number
  readonly lastLogTerm: number
  readonly commitIndex: number
  readonly appliedIndex: number
  /** The last entry that SQLite has seen. */
  readonly fsmIndex: number
  /** The last entry that is in a snapshot; 0 before the first one. */
  readonly snapshotIndex: number
  /**
   * Log index as of which `servers` holds: of the configuration itself where rqlite tells it, else (8 to 10, all that
   * were looked at) the commit index, which is at least that. Grows only, within one cluster. Use it of a leader, after
   * a read through Raft; configurations are compared by their members, not by this.
   */
  readonly configurationIndex: number
  readonly servers: readonly RaftServer[]
  /** The voters among `servers`. */
  readonly voters: readonly RaftServer[]
}

/** One member as the leader's node sees it. */
export interface RqliteNode {
  readonly id: string
  readonly address: string
  readonly voter: boolean
  readonly leader: boolean
  readonly reachable: boolean
}
