import { type Static, Type } from '@sinclair/typebox'
import { PeerIdSchema } from './ballot.js'
import { CONSISTENCIES } from './consistency.js'
import type { ErrorBody } from './errors.js'
import {
  KeyDatabasesSchema,
  KeyHashSchema,
  KeyIdSchema,
  type Scope,
  ScopeSchema,
  TimestampSchema,
} from './key-record.js'
import { LIMITS } from './limits.js'
import type { SqlValue } from './values.js'

/** libp2p protocol on which applications and gateways speak to nodes. */
export const CLIENT_PROTOCOL = '/dbcluster/client/1'

const closed = { additionalProperties: false } as const

/** SQL values are checked by `checkSqlValue`; a JSON schema cannot tell bytes and bigints. */
const Args = Type.Union([
  Type.Array(Type.Unknown(), { maxItems: LIMITS.parameters }),
  Type.Record(Type.String(), Type.Unknown()),
])

export const StatementSchema = Type.Object(
  {
    sql: Type.String({ maxLength: LIMITS.sqlBytes }),
    args: Type.Optional(Args),
    /** In a transaction: a read whose first value must be true, or everything is rolled back. */
    assert: Type.Optional(Type.Boolean()),
  },
  closed,
)
export type Statement = Omit<Static<typeof StatementSchema>, 'args'> & {
  readonly args?: readonly SqlValue[] | Readonly<Record<string, SqlValue>>
}

const ConsistencySchema = Type.Union(CONSISTENCIES.map((level) => Type.Literal(level)))
const database = { database: Type.String({ maxLength: 256 }) }
const app = Type.Optional(Type.String({ maxLength: LIMITS.appNameChars }))
const statements = Type.Array(StatementSchema, { minItems: 1, maxItems: LIMITS.statementsPerRequest })

/** What an application can ask of a node; `database` is the name as the app knows it. */
export const OperationSchema = Type.Union([
  Type.Object({ op: Type.Literal('open'), ...database }, closed),
  Type.Object(
    {
      op: Type.Literal('query'),
      ...database,
      statement: StatementSchema,
      consistency: Type.Optional(ConsistencySchema),
    },
    closed,
  ),
  Type.Object({ op: Type.Literal('execute'), ...database, statement: StatementSchema }, closed),
  Type.Object({ op: Type.Literal('batch'), ...database, statements }, closed),
  Type.Object({ op: Type.Literal('transaction'), ...database, statements }, closed),
  Type.Object({ op: Type.Literal('schema'), ...database }, closed),
  Type.Object(
    { op: Type.Literal('createTable'), ...database, schema: Type.String({ maxLength: LIMITS.sqlBytes }) },
    closed,
  ),
  Type.Object({ op: Type.Literal('dropTable'), ...database, table: Type.String({ maxLength: 1_024 }) }, closed),
  Type.Object({ op: Type.Literal('list') }, closed),
  Type.Object({ op: Type.Literal('status'), ...database }, closed),
  Type.Object({ op: Type.Literal('hibernate'), ...database }, closed),
  Type.Object({ op: Type.Literal('wake'), ...database }, closed),
  Type.Object({ op: Type.Literal('delete'), ...database }, closed),
  Type.Object({ op: Type.Literal('networkStatus') }, closed),
  /** Where the database's replicas are reached, leader first; lets a client go there directly. */
  Type.Object({ op: Type.Literal('locate'), ...database }, closed),
  /** How many replicas the database is to have. */
  Type.Object(
    {
      op: Type.Literal('setReplication'),
      ...database,
      replicationFactor: Type.Integer({ minimum: 1, maximum: LIMITS.replicationFactor }),
    },
    closed,
  ),
  /** What is left of a database that lost its majority; with its name as `confirm`, it goes on from the best replica. */
  Type.Object(
    { op: Type.Literal('recover'), ...database, confirm: Type.Optional(Type.String({ maxLength: 256 })) },
    closed,
  ),
  /** Moves a node's replicas away and places none there, or no longer; for operators. */
  Type.Object({ op: Type.Literal('drainNode'), peerId: PeerIdSchema, on: Type.Boolean() }, closed),
  /** Strikes a node that is down off the roster, for good; for operators. */
  Type.Object({ op: Type.Literal('forgetNode'), peerId: PeerIdSchema }, closed),
  /** A new API key. Its secret stays with whoever made it: only the hash travels, and the id follows from that. */
  Type.Object(
    {
      op: Type.Literal('createKey'),
      hash: KeyHashSchema,
      scope: ScopeSchema,
      /** Absent: the credential's own. Another one only by an operator. */
      app,
      databases: Type.Optional(KeyDatabasesSchema),
      /** Absent: whether the scope is more than `read`. */
      mayCreate: Type.Optional(Type.Boolean()),
      expiresAtMs: Type.Optional(TimestampSchema),
    },
    closed,
  ),
  /** API keys of the credential's app; of one or of all apps for an operator. */
  Type.Object({ op: Type.Literal('listKeys'), app }, closed),
  Type.Object({ op: Type.Literal('revokeKey'), id: KeyIdSchema }, closed),
])
export type Operation = Static<typeof OperationSchema>

/** One request of an application, a frame on {@link CLIENT_PROTOCOL}. */
export const ClientRequestSchema = Type.Object(
  {
    /** API key or JWT; the app comes from it, never from the request. */
    credential: Type.Optional(Type.String({ maxLength: 8_192 })),
    requestId: Type.String({ minLength: 1, maxLength: 128 }),
    /** What is left of the caller's patience; relative, never a wall-clock time. */
    timeoutMs: Type.Integer({ minimum: 1, maximum: 600_000 }),
    operation: OperationSchema,
  },
  closed,
)
export type ClientRequest = Static<typeof ClientRequestSchema>

/** How a request was served. */
export interface ResultMeta {
  /** Peer id of the node whose replica answered. */
  readonly servedBy: string
  /** Time inside the nodes. */
  readonly durationMs: number
  readonly consistency?: (typeof CONSISTENCIES)[number]
  readonly attempts?: number
  /** Present when the database had to be woken first. */
  readonly wokeMs?: number
  /** Present where the node limits the credential's rate. */
  readonly rate?: RateState
}

/** Rows travel as arrays; only the last hop makes objects of them. */
export interface RowsResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly SqlValue[])[]
}

/** Result of a write. `rowsAffected` is 0 for DDL; `lastInsertId` is 0 unless this statement inserted. */
export interface WriteResult extends Partial<RowsResult> {
  readonly rowsAffected: number
  readonly lastInsertId: number | bigint
}

export type StatementResult = WriteResult | { readonly error: ErrorBody }

/** One table of a schema. */
export interface TableSchema {
  readonly name: string
  readonly columns: readonly string[]
  /** The `CREATE` text. */
  readonly sql: string
  readonly type: 'table' | 'view'
}

/** Statuses that users see. */
export type DatabaseStatus = 'creating' | 'active' | 'hibernating' | 'waking' | 'unavailable'

export interface ReplicaStatus {
  readonly peer_id: string
  readonly status: string
  readonly http_port: number
  readonly raft_port: number
  readonly leader: boolean
  /** RFC 3339, or null when this replica's node has served none since its start or can't be asked. */
  readonly last_query: string | null
}

export interface DatabaseStatusResult {
  readonly database: string
  readonly status: DatabaseStatus
  readonly cluster_id: string
  readonly replication_factor: number
  readonly replicas: readonly ReplicaStatus[]
  readonly rqlite_version: string
}

export interface NodeStatus {
  readonly peer_id: string
  readonly health: 'healthy' | 'suspect' | 'unhealthy'
  /** RFC 3339 by the asked node's clock; null when it has not been seen since that node's start. */
  readonly last_seen: string | null
  readonly databases: number
  readonly max_databases: number
  readonly rqlite_version: string
  /** Present while an operator is emptying it. */
  readonly draining?: true
  /** Told to operators of a node that is being emptied: databases with a replica there, by full name, the first 100. */
  readonly leaving?: readonly string[]
}

/** An API key as its administrators see it: neither secret nor hash. */
export interface KeyInfo {
  readonly id: string
  /** Empty for a key that only configurations know. */
  readonly app: string
  readonly scope: Scope | null
  /** Null: all of the app's. */
  readonly databases: readonly string[] | null
  readonly may_create: boolean
  /** RFC 3339; null: never. */
  readonly expires_at: string | null
  /** RFC 3339; null for a key that only configurations know. */
  readonly created_at: string | null
  readonly created_by: string
  readonly revoked: boolean
}

/** How much of its rate a credential has left on the node that it spoke to. */
export interface RateState {
  /** Requests in a burst. */
  readonly limit: number
  readonly remaining: number
  /** Seconds, rounded up, until all of them are there again. */
  readonly resetSeconds: number
}

/** What is left of a database without a majority, the best first, and what was done about it. */
export interface RecoveryResult {
  readonly database: string
  readonly survivors: readonly {
    readonly peer_id: string
    /** Last entry of its Raft log: what only those beyond it had may be lost. */
    readonly last_index: number
    readonly last_term: number
    /** Why it cannot be taken. */
    readonly unusable?: string
  }[]
  /** Nodes with a replica that did not answer. */
  readonly missing: readonly string[]
  /** Peer id of the one to go on from; null when none can be taken. */
  readonly chosen: string | null
  readonly recovered: boolean
}

/** Result of each operation, by name. */
export interface OperationResults {
  readonly open: { readonly created: boolean; readonly clusterId: string }
  readonly query: RowsResult
  readonly execute: WriteResult
  readonly batch: { readonly results: readonly StatementResult[] }
  readonly transaction: { readonly results: readonly WriteResult[] }
  readonly schema: { readonly tables: readonly TableSchema[] }
  readonly createTable: WriteResult
  readonly dropTable: WriteResult
  readonly list: { readonly databases: readonly string[] }
  readonly status: DatabaseStatusResult
  readonly hibernate: DatabaseStatusResult
  readonly wake: DatabaseStatusResult
  readonly delete: { readonly deleted: true }
  readonly networkStatus: { readonly nodes: readonly NodeStatus[] }
  readonly locate: { readonly replicas: readonly { readonly peerId: string; readonly multiaddrs: readonly string[] }[] }
  readonly setReplication: { readonly database: string; readonly replication_factor: number }
  readonly recover: RecoveryResult
  readonly drainNode: { readonly peer_id: string; readonly draining: boolean; readonly databases: number }
  readonly forgetNode: { readonly peer_id: string; readonly members: number }
  readonly createKey: { readonly key: KeyInfo }
  readonly listKeys: { readonly keys: readonly KeyInfo[] }
  readonly revokeKey: { readonly key: KeyInfo }
}

export type OperationName = Operation['op']

/** The answer to one request. */
export type ClientResponse =
  | { readonly ok: true; readonly result: unknown; readonly meta: ResultMeta }
  | { readonly ok: false; readonly error: ErrorBody }
