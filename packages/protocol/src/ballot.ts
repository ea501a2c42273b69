import { type Static, Type } from '@sinclair/typebox'

/** A peer id as text, in the base58 form that libp2p prints (`12D3Koo…`). */
export const PeerIdSchema = Type.String({ minLength: 4, maxLength: 80, pattern: '^[A-Za-z0-9]+$' })

/** One proposal number of Paxos: totally ordered, and each node's own (Lamport, "Paxos Made Simple", section 2.2). */
export const BallotSchema = Type.Object(
  { round: Type.Integer({ minimum: 0 }), proposer: Type.Union([PeerIdSchema, Type.Literal('')]) },
  { additionalProperties: false },
)
export type Ballot = Static<typeof BallotSchema>

/** Below every ballot that can be proposed. */
export const ZERO_BALLOT: Ballot = { round: 0, proposer: '' }

/** Text order by code unit, the same on every node whatever its locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Order of ballots: round first, then the proposer's id. Negative, zero or positive. */
export const compareBallots = (a: Ballot, b: Ballot): number => a.round - b.round || compareText(a.proposer, b.proposer)
