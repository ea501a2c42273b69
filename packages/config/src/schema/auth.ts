import { LIMITS } from '@dbcluster/protocol'
import { Type } from '@sinclair/typebox'
import { duration, section } from './fields.js'

/** What a credential may do, least first. */
export const SCOPES = ['read', 'write', 'admin'] as const

const ApiKeySchema = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9]{1,64}$',
      description: 'The part of the key that names it: `dbc_<id>_<secret>`.',
    }),
    app: Type.String({
      format: 'app-name',
      maxLength: LIMITS.appNameChars,
      description: 'The app that the key speaks for.',
    }),
    scope: Type.Unsafe<(typeof SCOPES)[number]>({ type: 'string', enum: [...SCOPES], description: 'What it may do.' }),
    hash: Type.String({
      pattern: '^sha256:[0-9a-f]{64}$',
      writeOnly: true,
      description: 'Hash of its secret: `sha256:` and 64 hexadecimal digits.',
    }),
    databases: Type.Optional(
      Type.Array(Type.String({ format: 'database-name' }), {
        maxItems: 1_000,
        description: 'The only databases of the app that the key may touch. Default: all of them.',
      }),
    ),
    may_create: Type.Optional(
      Type.Boolean({ description: 'Whether a missing database is created for it. Default: unless the scope is read.' }),
    ),
  },
  {
    additionalProperties: false,
    description: 'One API key, stored hashed. `dbcluster keys api --app NAME` makes one.',
  },
)

const JwtIssuerSchema = Type.Object(
  {
    algorithm: Type.Unsafe<'EdDSA' | 'RS256' | 'HS256'>({
      type: 'string',
      enum: ['EdDSA', 'RS256', 'HS256'],
      description: 'The only algorithm that its keys are used with, whatever a token says.',
    }),
    key: Type.Optional(
      Type.String({ minLength: 1, writeOnly: true, description: 'Public key (PEM) or, for HS256, the shared secret.' }),
    ),
    key_file: Type.Optional(Type.String({ minLength: 1, description: 'File that holds the key.' })),
    jwks: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "The issuer's JSON Web Key Set: an https URL (http only to this machine) or a file. Read when needed, again after 5m and when a token names a key that is not there, at most every 15s.",
      }),
    ),
    issuer: Type.Optional(Type.String({ minLength: 1, description: 'Required `iss`. Default: any.' })),
    audience: Type.Optional(Type.String({ minLength: 1, description: 'Required `aud`. Default: any.' })),
  },
  { additionalProperties: false, description: 'Whose tokens are accepted. Give one of key, key_file and jwks.' },
)

/** `auth`: credentials that this node accepts beside those in the metadata. */
export const AuthSection = section('Credentials that this node accepts from applications.', {
  api_keys: Type.Array(ApiKeySchema, {
    maxItems: 1_000,
    default: [],
    description: 'API keys; meant for the first one.',
  }),
  jwt: Type.Array(JwtIssuerSchema, { maxItems: 16, default: [], description: 'Issuers of JWTs.' }),
  clock_tolerance: duration(0, {
    default: '5s',
    description: "How far an issuer's clock may be from this node's when the times of a token are checked.",
  }),
})
