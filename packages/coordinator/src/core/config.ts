/** What the embedding node may set; every duration in milliseconds. */
export interface CoordinatorInit {
  /** Replicas of each database created through this node. @default 3 */
  readonly replicationFactor?: number
  /** Whether databases created through this node enforce foreign keys. @default true */
  readonly foreignKeys?: boolean
  /** Replicas placed on this node at most, reservations included. @default 100 */
  readonly maxDatabases?: number
  /** Major version of this node's rqlited; fixed in the record of a database at its creation. */
  readonly rqliteMajor: number
  /** Time a creation may take in all, waiting for a successor of a silent coordinator included. @default 10_000 */
  readonly creationTimeoutMs?: number
  /** How long a coordinator may be silent before the next lowest peer id is asked. @default 3_000 */
  readonly successorAfterMs?: number
  /** How long promises are collected before those that came must do. @default 1_000 */
  readonly collectMs?: number
  /** How long the last answers are waited for once enough nodes have offered room. @default 100 */
  readonly spreadMs?: number
  /** How long the replicas of a decree may take to gather before another decree supersedes it. @default 6_000 */
  readonly gatherMs?: number
  /** How long ports stay leased for an offer that nobody takes up; shorter than the port source's own limit. @default 20_000 */
  readonly offerMs?: number
  /** How long a replica may run whose cluster nobody establishes before this node ends the matter. @default 15_000 */
  readonly abandonMs?: number
  /** How often one peer's digests are compared with ours. @default 5_000 */
  readonly antiEntropyMs?: number
  /** Time without a query after which this node votes for a database's sleep; 0: it never does. @default 60_000 */
  readonly hibernationTimeoutMs?: number
  /** How often the network checks each peer; a member that is not connected for two of them is missed. @default 10_000 */
  readonly healthCheckIntervalMs?: number
  /** How long the replicas of a node that stopped in order are kept for it. @default 300_000 */
  readonly replacementGraceMs?: number
  /** Newcomers that this node brings in at once, and as many that it takes in. @default 2 */
  readonly replacementsAtOnce?: number
  /** How often the Raft configuration of each awake database is compared with what it should be. @default 3_000 */
  readonly repairLookMs?: number
  /** How often admission and lost messages are tried again. @default 500 */
  readonly retryMs?: number
}

/** {@link CoordinatorInit} with its defaults. */
export type CoordinatorConfig = Required<CoordinatorInit>

/** Settings with their defaults. */
export const resolveConfig = (init: CoordinatorInit): CoordinatorConfig => ({
  replicationFactor: 3,
  foreignKeys: true,
  maxDatabases: 100,
  creationTimeoutMs: 10_000,
  successorAfterMs: 3_000,
  collectMs: 1_000,
  spreadMs: 100,
  gatherMs: 6_000,
  offerMs: 20_000,
  abandonMs: 15_000,
  antiEntropyMs: 5_000,
  hibernationTimeoutMs: 60_000,
  healthCheckIntervalMs: 10_000,
  replacementGraceMs: 300_000,
  replacementsAtOnce: 2,
  repairLookMs: 3_000,
  retryMs: 500,
  ...init,
})
