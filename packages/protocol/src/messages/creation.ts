import { type Static, Type } from '@sinclair/typebox'
import { BallotSchema } from '../ballot.js'
import { InternalNameSchema } from '../internal-name-schema.js'
import { DatabaseRecordSchema, DecreeSchema, ReplicaAssignmentSchema, RosterSchema } from '../records.js'

const closed = { additionalProperties: false } as const
const name = { name: InternalNameSchema }
const decreeKey = {
  ...name,
  generation: Type.Integer({ minimum: 1 }),
  ballot: BallotSchema,
  epoch: Type.Integer({ minimum: 1 }),
}

/** Why a node would not host a replica; it may promise all the same. */
export const DeclineReasonSchema = Type.Union([
  Type.Literal('full'),
  Type.Literal('no_ports'),
  Type.Literal('disk'),
  Type.Literal('rqlite_major'),
  Type.Literal('stopping'),
  /** An operator is emptying this node. */
  Type.Literal('draining'),
  /** It takes in as many replicas as it does at once. */
  Type.Literal('busy'),
])
export type DeclineReason = Static<typeof DeclineReasonSchema>

/** What an acceptor holds for a name: knowledge, and the vote of the highest ballot it accepted. */
export const AcceptedSchema = Type.Object(
  { ballot: BallotSchema, decree: DecreeSchema, established: Type.Boolean() },
  closed,
)
export type Accepted = Static<typeof AcceptedSchema>

/** Phase 1 of the decree: the proposer asks for promises and for room. */
export const CreateRequestSchema = Type.Object(
  { type: Type.Literal('DATABASE_CREATE_REQUEST'), ...decreeKey, rqliteMajor: Type.Integer({ minimum: 1 }) },
  closed,
)

/** A promise (with an offer of ports, or why not), or a refusal that teaches. */
export const CreateResponseSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_CREATE_RESPONSE'),
    ...decreeKey,
    promised: Type.Boolean(),
    accepted: Type.Optional(AcceptedSchema),
    offer: Type.Optional(ReplicaAssignmentSchema),
    declined: Type.Optional(DeclineReasonSchema),
    /** Refused because this higher ballot was promised. */
    highest: Type.Optional(BallotSchema),
    /** Refused because this is known: the record that exists, or the tombstone of this generation. */
    record: Type.Optional(DatabaseRecordSchema),
    /** Refused because the asker's roster is old. */
    roster: Type.Optional(RosterSchema),
  },
  closed,
)

/** Phase 2: accept this decree under this ballot. With `established`, its cluster holds all voters: make it final. */
export const CreateConfirmSchema = Type.Object(
  { type: Type.Literal('DATABASE_CREATE_CONFIRM'), ...decreeKey, decree: DecreeSchema, established: Type.Boolean() },
  closed,
)

/** The vote, or a refusal that teaches. */
export const CreateAcceptedSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_CREATE_ACCEPTED'),
    ...decreeKey,
    established: Type.Boolean(),
    accepted: Type.Boolean(),
    highest: Type.Optional(BallotSchema),
    record: Type.Optional(DatabaseRecordSchema),
    roster: Type.Optional(RosterSchema),
  },
  closed,
)

/** The creation was given up: leases of this ballot are released, replicas of it stop. */
export const CreateAbortSchema = Type.Object(
  { type: Type.Literal('DATABASE_CREATE_ABORT'), ...decreeKey, reason: Type.String({ maxLength: 500 }) },
  closed,
)

/** A node asks the coordinator to create; the coordinator is the lowest eligible peer id. */
export const CreateAskSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_CREATE_ASK'),
    ...name,
    askId: Type.String({ maxLength: 64 }),
    attempt: Type.Integer({ minimum: 0 }),
  },
  closed,
)

/** How an asked creation ended for the asker. */
export const CreateResultSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_CREATE_RESULT'),
    ...name,
    askId: Type.String({ maxLength: 64 }),
    record: Type.Optional(DatabaseRecordSchema),
    error: Type.Optional(
      Type.Object({ code: Type.String(), message: Type.String(), hint: Type.Optional(Type.String()) }, closed),
    ),
  },
  closed,
)

/** A replica could not be started: its coordinator proposes again without this node. */
export const ReplicaFailedSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_REPLICA_FAILED'),
    ...name,
    clusterId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    error: Type.String({ maxLength: 2_000 }),
  },
  closed,
)

/** Ends generation `generation`; the only value its slot can take, so one round to a majority decides. */
export const DeleteRequestSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_DELETE_REQUEST'),
    ...name,
    generation: Type.Integer({ minimum: 1 }),
    epoch: Type.Integer({ minimum: 1 }),
    requestId: Type.String({ maxLength: 64 }),
    record: DatabaseRecordSchema,
  },
  closed,
)
export const DeleteResponseSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_DELETE_RESPONSE'),
    ...name,
    requestId: Type.String({ maxLength: 64 }),
    done: Type.Boolean(),
    roster: Type.Optional(RosterSchema),
  },
  closed,
)
