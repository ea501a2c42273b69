import { type Static, Type } from '@sinclair/typebox'
import { VectorClockSchema } from './clock-schema.js'
import { LIMITS } from './limits.js'

const closed = { additionalProperties: false } as const

/** What a credential may do; each scope includes those before it. */
export const ScopeSchema = Type.Union([Type.Literal('read'), Type.Literal('write'), Type.Literal('admin')])
export type Scope = Static<typeof ScopeSchema>

/** The part of an API key that names it: `dbc_<id>_<secret>`. No secret. */
export const KeyIdSchema = Type.String({ pattern: '^[A-Za-z0-9]{1,64}$' })
/** `sha256:` and the SHA-256 of a key's secret, 64 hex digits. */
export const KeyHashSchema = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' })
/** Databases by the app's own names; whoever reads them checks them as names. */
export const KeyDatabasesSchema = Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.databaseNameChars }), {
  maxItems: LIMITS.databasesPerKey,
})
/** Milliseconds since 1970, up to the last that a `Date` can have. */
export const TimestampSchema = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 })

/** What an API key stands for. Written once, when the key is made. */
export const KeyGrantSchema = Type.Object(
  {
    app: Type.String({ minLength: 1, maxLength: LIMITS.appNameChars }),
    scope: ScopeSchema,
    hash: KeyHashSchema,
    /** The only databases that it may touch; absent means all of the app's. */
    databases: Type.Optional(KeyDatabasesSchema),
    /** Whether a database that is missing is created for it. */
    mayCreate: Type.Boolean(),
    /** From then on it is refused, by each node's own clock; absent means never. */
    expiresAtMs: Type.Optional(TimestampSchema),
    createdAtMs: TimestampSchema,
    /** Subject of the credential that made it, for people. */
    createdBy: Type.String({ maxLength: 256 }),
  },
  closed,
)
export type KeyGrant = Static<typeof KeyGrantSchema>

export const KeyRecordSchema = Type.Object(
  {
    kind: Type.Literal('key'),
    id: KeyIdSchema,
    /** Absent where a key was revoked that only configurations know. */
    grant: Type.Optional(KeyGrantSchema),
    /** Once true it stays true, whatever else is merged. */
    revoked: Type.Boolean(),
    clock: VectorClockSchema,
  },
  closed,
)
/** All that is known about one API key. */
export type KeyRecord = Static<typeof KeyRecordSchema>
