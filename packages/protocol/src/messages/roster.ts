import { type Static, Type } from '@sinclair/typebox'
import { BallotSchema } from '../ballot.js'
import { InternalNameSchema } from '../internal-name-schema.js'
import { RosterMemberSchema, RosterSchema } from '../records.js'
import { AcceptedSchema } from './creation.js'

const closed = { additionalProperties: false } as const

/** What one acceptor remembers of one name. */
export const AcceptorEntrySchema = Type.Object(
  {
    name: InternalNameSchema,
    generation: Type.Integer({ minimum: 1 }),
    promised: BallotSchema,
    accepted: Type.Optional(AcceptedSchema),
    /** This generation ended. */
    deleted: Type.Boolean(),
  },
  closed,
)
export type AcceptorEntry = Static<typeof AcceptorEntrySchema>

/** A node asks any member to be admitted, with the incarnation of its store. */
export const JoinRequestSchema = Type.Object(
  {
    type: Type.Literal('NODE_JOIN_REQUEST'),
    member: RosterMemberSchema,
    /** The epoch whose acceptors' memory the asker has copied; 0 when it has copied none yet. */
    syncedEpoch: Type.Integer({ minimum: 0 }),
  },
  closed,
)

/** The newest roster that the sender knows; answers a join and teaches the stale. */
export const RosterAnnounceSchema = Type.Object({ type: Type.Literal('NODE_ROSTER'), roster: RosterSchema }, closed)

/** Phase 1 of the next epoch's decree. */
export const RosterPrepareSchema = Type.Object(
  { type: Type.Literal('NODE_ROSTER_PREPARE'), epoch: Type.Integer({ minimum: 1 }), ballot: BallotSchema },
  closed,
)
export const RosterPromiseSchema = Type.Object(
  {
    type: Type.Literal('NODE_ROSTER_PROMISE'),
    epoch: Type.Integer({ minimum: 1 }),
    ballot: BallotSchema,
    promised: Type.Boolean(),
    highest: Type.Optional(BallotSchema),
    accepted: Type.Optional(Type.Object({ ballot: BallotSchema, roster: RosterSchema }, closed)),
  },
  closed,
)
/** Phase 2: accept this roster as epoch `epoch`. */
export const RosterAcceptSchema = Type.Object(
  {
    type: Type.Literal('NODE_ROSTER_ACCEPT'),
    epoch: Type.Integer({ minimum: 1 }),
    ballot: BallotSchema,
    roster: RosterSchema,
  },
  closed,
)
export const RosterAcceptedSchema = Type.Object(
  {
    type: Type.Literal('NODE_ROSTER_ACCEPTED'),
    epoch: Type.Integer({ minimum: 1 }),
    ballot: BallotSchema,
    accepted: Type.Boolean(),
    highest: Type.Optional(BallotSchema),
  },
  closed,
)

/** Before a change of roster: what do you remember? Whoever answers knows this epoch and serves no older one. */
export const AcceptorReadSchema = Type.Object(
  {
    type: Type.Literal('NODE_ACCEPTOR_READ'),
    readId: Type.String({ maxLength: 64 }),
    epoch: Type.Integer({ minimum: 1 }),
    /** Names after this one, in order; empty for the first page. */
    after: Type.String(),
  },
  closed,
)
export const AcceptorPageSchema = Type.Object(
  {
    type: Type.Literal('NODE_ACCEPTOR_PAGE'),
    readId: Type.String({ maxLength: 64 }),
    epoch: Type.Integer({ minimum: 1 }),
    after: Type.String(),
    entries: Type.Array(AcceptorEntrySchema, { maxItems: 1_000 }),
    last: Type.Boolean(),
  },
  closed,
)

/** Remember this too: sent to those who stay, before a member goes. */
export const AcceptorStoreSchema = Type.Object(
  {
    type: Type.Literal('NODE_ACCEPTOR_STORE'),
    storeId: Type.String({ maxLength: 64 }),
    epoch: Type.Integer({ minimum: 1 }),
    entries: Type.Array(AcceptorEntrySchema, { maxItems: 1_000 }),
  },
  closed,
)
export const AcceptorStoredSchema = Type.Object(
  { type: Type.Literal('NODE_ACCEPTOR_STORED'), storeId: Type.String({ maxLength: 64 }) },
  closed,
)
