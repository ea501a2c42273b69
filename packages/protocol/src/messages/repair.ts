import { Type } from '@sinclair/typebox'
import { PeerIdSchema } from '../ballot.js'
import { InternalNameSchema } from '../internal-name-schema.js'
import { LIMITS } from '../limits.js'
import { DatabaseRecordSchema, ReplicaAssignmentSchema } from '../records.js'
import { DeclineReasonSchema } from './creation.js'

const closed = { additionalProperties: false } as const
const about = {
  name: InternalNameSchema,
  clusterId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
}
/** One attempt to bring in one newcomer. */
const attempt = { ...about, repairId: Type.String({ pattern: '^[0-9a-f]{32}$' }) }

/** All members that the sender misses; one that it sees again is no longer listed. Holds until its time is over. */
export const NodeClaimsSchema = Type.Object(
  {
    type: Type.Literal('NODE_CLAIMS'),
    unhealthy: Type.Array(PeerIdSchema, { maxItems: LIMITS.rosterMembers }),
    /** How long this may be relied on without another word. */
    validMs: Type.Integer({ minimum: 1, maximum: 3_600_000 }),
  },
  closed,
)

/** The node of a database's leader looks for a node that takes in a replica. */
export const ReplacementNeededSchema = Type.Object(
  { type: Type.Literal('NODE_REPLACEMENT_NEEDED'), ...attempt, record: DatabaseRecordSchema },
  closed,
)

/** Room and ports for it, or why not. */
export const ReplacementOfferSchema = Type.Object(
  {
    type: Type.Literal('NODE_REPLACEMENT_OFFER'),
    ...attempt,
    offer: Type.Optional(ReplicaAssignmentSchema),
    declined: Type.Optional(DeclineReasonSchema),
    /** Replicas there, and how many there may be. */
    databases: Type.Integer({ minimum: 0 }),
    maxDatabases: Type.Integer({ minimum: 0 }),
  },
  closed,
)

/** It is chosen: start rqlited, as a member of nothing. */
export const ReplacementConfirmSchema = Type.Object(
  { type: Type.Literal('NODE_REPLACEMENT_CONFIRM'), ...attempt, assignment: ReplicaAssignmentSchema },
  closed,
)

/** The newcomer's rqlited is up, or won't be. */
export const ReplacementReadySchema = Type.Object(
  {
    type: Type.Literal('NODE_REPLACEMENT_READY'),
    ...attempt,
    ready: Type.Boolean(),
    error: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  closed,
)

/** Room was made: join the cluster through these of its members. */
export const ReplacementJoinSchema = Type.Object(
  {
    type: Type.Literal('NODE_REPLACEMENT_JOIN'),
    ...attempt,
    raftId: Type.String({ minLength: 1, maxLength: 128 }),
    addresses: Type.Array(Type.String({ maxLength: 300 }), { minItems: 1, maxItems: LIMITS.replicationFactor + 1 }),
  },
  closed,
)

/** Raft's leader says that this server is no member, and nobody waits for it: what runs under its name may go. */
export const ReplacementCancelSchema = Type.Object(
  { type: Type.Literal('NODE_REPLACEMENT_CANCEL'), ...about, raftId: Type.String({ minLength: 1, maxLength: 128 }) },
  closed,
)

/** An operator wants another number of replicas; the node of the leader writes it into the placement. */
export const ResizeSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_RESIZE'),
    ...about,
    replicationFactor: Type.Integer({ minimum: 1, maximum: LIMITS.replicationFactor }),
  },
  closed,
)

const recovery = { ...about, recoverId: Type.String({ maxLength: 64 }) }

/** An operator wants to know what is left of a database. */
export const RecoverAskSchema = Type.Object({ type: Type.Literal('DATABASE_RECOVER_ASK'), ...recovery }, closed)

/** What this node's replica holds. */
export const RecoverToldSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_RECOVER_TOLD'),
    ...recovery,
    /** Why it can't be taken, where that is so. */
    unusable: Type.Optional(Type.String({ maxLength: 500 })),
    lastIndex: Type.Integer({ minimum: 0 }),
    lastTerm: Type.Integer({ minimum: 0 }),
    /** It knows a leader: the database is not lost. */
    hasLeader: Type.Boolean(),
  },
  closed,
)

/** The operator decided: go on from your copy, as a cluster of one. */
export const RecoverDoSchema = Type.Object(
  { type: Type.Literal('DATABASE_RECOVER_DO'), ...recovery, recovery: Type.Integer({ minimum: 1 }) },
  closed,
)
