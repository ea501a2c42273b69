import { type Static, Type } from '@sinclair/typebox'
import { InternalNameSchema } from '../internal-name-schema.js'
import { LIMITS } from '../limits.js'
import { ReplicaAddressSchema } from '../records.js'

const closed = { additionalProperties: false } as const
const Index = Type.Integer({ minimum: 0 })

/** One awake period of one cluster. */
const runKey = {
  name: InternalNameSchema,
  clusterId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  run: Type.Integer({ minimum: 1 }),
}
/** One try to put that run to an end: its coordinator is the sender of PREPARE. */
const attemptKey = { ...runKey, attempt: Type.Integer({ minimum: 1 }) }

/** How far a replica's Raft log has got, and whom its configuration counts. */
export const RaftPositionSchema = Type.Object(
  {
    lastIndex: Index,
    lastTerm: Index,
    commitIndex: Index,
    appliedIndex: Index,
    isLeader: Type.Boolean(),
    /** Raft ids of the voters. */
    voters: Type.Array(Type.String({ maxLength: 128 }), { maxItems: LIMITS.replicationFactor + 1 }),
  },
  closed,
)
export type RaftPosition = Static<typeof RaftPositionSchema>

/** How a replica stood when it was stopped by plan; on its disk until it may run again. */
export const StopRecordSchema = Type.Object(
  {
    clusterId: runKey.clusterId,
    run: runKey.run,
    lastIndex: Index,
    lastTerm: Index,
    voters: Type.Array(
      Type.Object({ id: Type.String({ maxLength: 128 }), address: Type.String({ maxLength: 300 }) }, closed),
      { maxItems: LIMITS.replicationFactor + 1 },
    ),
  },
  closed,
)
export type StopRecord = Static<typeof StopRecordSchema>

/** My replica has had nothing to do for its hibernation timeout. */
export const IdleNotificationSchema = Type.Object(
  { type: Type.Literal('DATABASE_IDLE_NOTIFICATION'), ...runKey, idleMs: Type.Integer({ minimum: 0 }) },
  closed,
)

/** Phase 1 of a sleep: promise to answer nothing in this run any more. */
export const SleepPrepareSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_SLEEP_PREPARE'),
    ...attemptKey,
    /** Asked for by a user: replicas need not have been idle, only without a query under way. */
    demand: Type.Boolean(),
  },
  closed,
)

/** The promise, with where Raft stands, or why not. */
export const SleepPromiseSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_SLEEP_PROMISE'),
    ...attemptKey,
    promised: Type.Boolean(),
    raft: Type.Optional(RaftPositionSchema),
    reason: Type.Optional(Type.String({ maxLength: 200 })),
    /** The sender's own run, where it is a later one. */
    atRun: Type.Optional(runKey.run),
  },
  closed,
)

/** Phase 2, COMMIT: all have promised, stop. */
export const ShutdownCoordinatedSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_SHUTDOWN_COORDINATED'),
    ...attemptKey,
    lastIndex: Index,
    lastTerm: Index,
    /** Raft id of the leader: it stops last. */
    leader: Type.Optional(Type.String({ maxLength: 128 })),
  },
  closed,
)

/** Nobody will say COMMIT for this attempt. */
export const SleepAbortSchema = Type.Object({ type: Type.Literal('DATABASE_SLEEP_ABORT'), ...attemptKey }, closed)

/** A replica that promised and hears nothing asks the others. */
export const SleepAskSchema = Type.Object({ type: Type.Literal('DATABASE_SLEEP_ASK'), ...runKey }, closed)
/** What became of my replica: `run` is its own, `asleep` is proof of COMMIT for that run. */
export const SleepToldSchema = Type.Object(
  { type: Type.Literal('DATABASE_SLEEP_TOLD'), ...runKey, asleep: Type.Boolean() },
  closed,
)

/** Everybody is to be awake in this run. */
export const WakeupRequestSchema = Type.Object({ type: Type.Literal('DATABASE_WAKEUP_REQUEST'), ...runKey }, closed)

/** Where my replica comes up in this run. */
export const WakePortsSchema = Type.Object(
  {
    type: Type.Literal('DATABASE_WAKE_PORTS'),
    ...runKey,
    /** On the address that Raft's configuration has. */
    kept: Type.Boolean(),
    address: ReplicaAddressSchema,
    /** Present while nothing was spawned since the planned stop. */
    stopRecord: Type.Optional(StopRecordSchema),
    /** Voters with which the sender recovers: whoever waits does the same. */
    recovery: Type.Optional(StopRecordSchema.properties.voters),
    /** Not an answer: tell me yours. */
    asks: Type.Boolean(),
  },
  closed,
)
