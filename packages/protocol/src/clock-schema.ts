import { type Static, Type } from '@sinclair/typebox'

/** Updates seen of each actor. An actor is `peerId/storeIncarnation`, so a node that lost its store is a new one. */
export const VectorClockSchema = Type.Record(
  Type.String({ maxLength: 128 }),
  // Sums of these stay exact: what orders concurrent values must not depend on the order of the additions.
  Type.Integer({ minimum: 1, maximum: 2 ** 40 }),
)
export type VectorClock = Static<typeof VectorClockSchema>
