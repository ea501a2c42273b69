import { type Static, Type } from '@sinclair/typebox'
import { BallotSchema, PeerIdSchema } from './ballot.js'
import { type VectorClock, VectorClockSchema } from './clock-schema.js'
import { InternalNameSchema } from './internal-name-schema.js'
import { KeyRecordSchema } from './key-record.js'
import { LIMITS } from './limits.js'

const closed = { additionalProperties: false } as const
const Port = Type.Integer({ minimum: 1, maximum: 65_535 })

/** Where one replica of a database lives. */
export const ReplicaAssignmentSchema = Type.Object(
  {
    peerId: PeerIdSchema,
    /** rqlite's `-node-id`: peer id and placement incarnation, never an address. */
    raftId: Type.String({ minLength: 1, maxLength: 128 }),
    /** Host under which the other replicas reach `raftPort`. */
    host: Type.String({ minLength: 1, maxLength: 253 }),
    httpPort: Port,
    raftPort: Port,
  },
  closed,
)
export type ReplicaAssignment = Static<typeof ReplicaAssignmentSchema>

/** What a creation decides for one name and generation: a cluster of its own, never two. */
export const DecreeSchema = Type.Object(
  {
    /** 1 for a name's first life; each deletion ends one. */
    generation: Type.Integer({ minimum: 1 }),
    /** The ballot under which this cluster id was first proposed. */
    ballot: BallotSchema,
    clusterId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    replicationFactor: Type.Integer({ minimum: 1, maximum: LIMITS.replicationFactor }),
    foreignKeys: Type.Boolean(),
    rqliteMajor: Type.Integer({ minimum: 1 }),
    /** The first bootstraps, the others join it. */
    replicas: Type.Array(ReplicaAssignmentSchema, { minItems: 1, maxItems: LIMITS.replicationFactor }),
  },
  closed,
)
export type Decree = Static<typeof DecreeSchema>

/** Placement as Raft's configuration has it. */
export const PlacementSchema = Type.Object(
  {
    /** Times an operator recovered this cluster after the loss of its quorum; each begins a history of its own. Absent: 0. */
    recovery: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Raft's commit index, within this recovery, at which its configuration was read; more where a later look came lower. */
    epoch: Type.Integer({ minimum: 1 }),
    /** Replicas wanted, where an operator changed it. Absent: the decree's. */
    replicationFactor: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.replicationFactor })),
    replicas: Type.Array(ReplicaAssignmentSchema, { minItems: 1, maxItems: LIMITS.replicationFactor + 1 }),
  },
  closed,
)
export type Placement = Static<typeof PlacementSchema>

/** Where a replica is now, and as which of Raft's servers. */
export const ReplicaAddressSchema = Type.Object(
  {
    raftId: Type.String({ minLength: 1, maxLength: 128 }),
    host: Type.String({ minLength: 1, maxLength: 253 }),
    httpPort: Port,
    raftPort: Port,
  },
  closed,
)
export type ReplicaAddress = Static<typeof ReplicaAddressSchema>

/** How one node's replica is doing; written by that node alone. */
export const ReplicaStateSchema = Type.Object(
  {
    clusterId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    status: Type.Union([
      Type.Literal('starting'),
      Type.Literal('active'),
      /** Asleep, by plan, since the end of `run`. */
      Type.Literal('stopped'),
      Type.Literal('failed'),
      /** Its directory is missing, emptied, or older than it should be: it counts as dead and is never started again. */
      Type.Literal('lost'),
    ]),
    /** The awake period that this is about; absent: the first. */
    run: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Where Raft's configuration has it, where placement and decree don't say so (yet). */
    address: Type.Optional(ReplicaAddressSchema),
    /** Raft ids of earlier replicas of this cluster here that are gone for good; the last few. */
    left: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 8 })),
    /** Voters in Raft's configuration, told by the bootstrapping replica while its cluster gathers. */
    voters: Type.Optional(Type.Integer({ minimum: 0, maximum: LIMITS.replicationFactor + 1 })),
    /** rqlited's own last words when `failed`. */
    error: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  closed,
)
export type ReplicaState = Static<typeof ReplicaStateSchema>

/** A node's description of itself; written by that node alone. */
export const NodeInfoSchema = Type.Object(
  {
    multiaddrs: Type.Array(Type.String({ maxLength: 512 }), { maxItems: 16 }),
    maxDatabases: Type.Integer({ minimum: 0 }),
    /** Replicas placed here, asleep ones and reservations included. */
    databases: Type.Integer({ minimum: 0 }),
    rqliteVersion: Type.String({ maxLength: 64 }),
    rqliteMajor: Type.Integer({ minimum: 0 }),
    version: Type.String({ maxLength: 64 }),
    /** An operator wants its replicas elsewhere: nothing new is placed here. Absent: no. */
    draining: Type.Optional(Type.Boolean()),
    /** It goes down in order, and may come back soon. Absent: no. */
    stopping: Type.Optional(Type.Boolean()),
  },
  closed,
)
export type NodeInfo = Static<typeof NodeInfoSchema>

/** A value with the clock of its write: causally later wins, concurrent ones by a fixed total order. */
export interface Stamped<T> {
  readonly value: T
  readonly clock: VectorClock
}

export const DatabaseRecordSchema = Type.Object(
  {
    kind: Type.Literal('database'),
    name: InternalNameSchema,
    decree: DecreeSchema,
    /** Raft held `replicationFactor` voters and a majority of the roster confirmed it: queries may be served. */
    established: Type.Boolean(),
    /** The tombstone of `decree.generation`. */
    deleted: Type.Boolean(),
    /** Absent until membership first changes; then it overrides `decree.replicas`. */
    placement: Type.Optional(PlacementSchema),
    replicas: Type.Record(PeerIdSchema, Type.Object({ value: ReplicaStateSchema, clock: VectorClockSchema }, closed)),
    clock: VectorClockSchema,
  },
  closed,
)
/** All that is known about one database. */
export type DatabaseRecord = Static<typeof DatabaseRecordSchema>

export const NodeRecordSchema = Type.Object(
  {
    kind: Type.Literal('node'),
    peerId: PeerIdSchema,
    info: Type.Object({ value: NodeInfoSchema, clock: VectorClockSchema }, closed),
    clock: VectorClockSchema,
  },
  closed,
)
/** All that is known about one node. */
export type NodeRecord = Static<typeof NodeRecordSchema>

export const RecordSchema = Type.Union([DatabaseRecordSchema, NodeRecordSchema, KeyRecordSchema])
/** One record of the gossiped metadata. */
export type MetadataRecord = Static<typeof RecordSchema>

/** The key of a record: `database/myapp_users`, `node/12D3…` or `key/9hXk…`. */
export const recordKey = (record: MetadataRecord): string => {
  switch (record.kind) {
    case 'database':
      return `database/${record.name}`
    case 'node':
      return `node/${record.peerId}`
    case 'key':
      return `key/${record.id}`
  }
}

export const RosterMemberSchema = Type.Object(
  { peerId: PeerIdSchema, incarnation: Type.String({ pattern: '^[0-9a-f]{16}$' }) },
  closed,
)
/** One acceptor: a node together with the incarnation of its store. */
export type RosterMember = Static<typeof RosterMemberSchema>

export const RosterSchema = Type.Object(
  {
    /** Minted when the network was founded; two networks never merge. */
    networkId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    /** 1 at the founding, one more with each single change. */
    epoch: Type.Integer({ minimum: 1 }),
    /** Sorted by peer id. */
    members: Type.Array(RosterMemberSchema, { minItems: 1, maxItems: LIMITS.rosterMembers }),
  },
  closed,
)
/** The acceptors of every decree, agreed on epoch by epoch. */
export type Roster = Static<typeof RosterSchema>
