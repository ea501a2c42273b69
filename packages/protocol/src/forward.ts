import { type Static, Type } from '@sinclair/typebox'
import { ClientRequestSchema } from './client-protocol.js'
import { ScopeSchema } from './key-record.js'
import { LIMITS } from './limits.js'

/** Who asks, as the first node that met the request established it. */
export const PrincipalSchema = Type.Object(
  {
    app: Type.String({ maxLength: 64 }),
    scope: ScopeSchema,
    /** Key id or token subject, for logs. */
    subject: Type.String({ maxLength: 256 }),
    /** The only databases this credential may touch; absent means all of the app's. */
    databases: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: LIMITS.databasesPerKey })),
    /** Whether a missing database is created for it; absent means yes. */
    mayCreate: Type.Optional(Type.Boolean()),
    /** Holds the cluster key, and so may manage the API keys of every app. */
    operator: Type.Optional(Type.Literal(true)),
  },
  { additionalProperties: false },
)
export type Principal = Static<typeof PrincipalSchema>

/** A request that one node passes on to another on {@link FORWARD_PROTOCOL}; answered by a `ClientResponse`. */
export const ForwardRequestSchema = Type.Object(
  { principal: PrincipalSchema, hops: Type.Integer({ minimum: 1, maximum: 2 }), request: ClientRequestSchema },
  { additionalProperties: false },
)
export type ForwardRequest = Static<typeof ForwardRequestSchema>
