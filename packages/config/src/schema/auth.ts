import { LIMITS } from '@dbcluster/protocol'
import { Type } from '@sinclair/typebox'
import { section } from './fields.js'

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
  },
  {
    additionalProperties: false,
    description: 'One API key, stored hashed. `dbcluster keys api --app NAME` makes one.',
  },
)

const JwtIssuerSchema = Type.Object(
  {
    algorithm: Type.Unsafe<'EdDSA' | 'HS256'>({ type: 'string', enum: ['EdDSA', 'HS256'] }),
    key: Type.Optional(
      Type.String({ minLength: 1, writeOnly: true, description: 'Public key (PEM) or, for HS256, the shared secret.' }),
    ),
    key_file: Type.Optional(Type.String({ minLength: 1, description: 'File that holds the key.' })),
    issuer: Type.Optional(Type.String({ minLength: 1, description: 'Required `iss`. Default: any.' })),
    audience: Type.Optional(Type.String({ minLength: 1, description: 'Required `aud`. Default: any.' })),
  },
  { additionalProperties: false, description: 'Whose tokens are accepted. Give either key or key_file.' },
)

/** `auth`: credentials that this node accepts beside those in the metadata. */
export const AuthSection = section('Credentials that this node accepts from applications.', {
  api_keys: Type.Array(ApiKeySchema, {
    maxItems: 1_000,
    default: [],
    description: 'API keys; meant for the first one.',
  }),
  jwt: Type.Array(JwtIssuerSchema, { maxItems: 16, default: [], description: 'Issuers of JWTs.' }),
})
