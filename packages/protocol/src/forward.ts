import { type Static, Type } from '@sinclair/typebox'
import { ClientRequestSchema } from './client-protocol.js'

/** Who asks, as the first node that met the request established it. */
export const PrincipalSchema = Type.Object(
  {
    app: Type.String({ maxLength: 64 }),
    scope: Type.Union([Type.Literal('read'), Type.Literal('write'), Type.Literal('admin')]),
    /** Key id or token subject, for logs. */
    subject: Type.String({ maxLength: 256 }),
    /** The only databases this credential may touch; absent means all of the app's. */
    databases: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 1_000 })),
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
