import { CONSISTENCIES, type Consistency, LIMITS, type Scope } from '@dbcluster/protocol'
import { Type } from '@sinclair/typebox'

const closed = { additionalProperties: false } as const

/** Name of a database, as the app knows it. */
export const DatabaseField = Type.String({
  description: `lower-case letters, digits, "-" and "_", starting with a letter, at most ${LIMITS.databaseNameChars} characters`,
  examples: ['users'],
})

/** An input that is a database's name only. */
export const DatabaseInput = Type.Object({ database: DatabaseField }, closed)

const Sql = Type.String({ description: `one SQL statement, at most ${LIMITS.sqlBytes} bytes` })

const Args = Type.Union(
  [
    Type.Array(Type.Unknown(), { maxItems: LIMITS.parameters }),
    Type.Object({}, { additionalProperties: true, description: 'named values, without the sigil' }),
  ],
  { description: 'an array of values or an object of named values' },
)

const statement = { sql: Sql, args: Type.Optional(Args) }

/** One statement that changes something. */
export const ExecInput = Type.Object({ database: DatabaseField, ...statement }, closed)

/** One read. */
export const QueryInput = Type.Object(
  {
    database: DatabaseField,
    ...statement,
    consistency: Type.Optional(Type.Unsafe<Consistency>({ type: 'string', enum: [...CONSISTENCIES], default: 'weak' })),
  },
  closed,
)

const queries = (item: ReturnType<typeof Type.Object>) =>
  Type.Array(Type.Union([Type.String(), item], { description: 'SQL text or an object {"sql","args"}' }), {
    minItems: 1,
    maxItems: LIMITS.statementsPerRequest,
  })

/** Statements that run one by one. */
export const BatchInput = Type.Object(
  { database: DatabaseField, queries: queries(Type.Object(statement, closed)) },
  closed,
)

/** Statements that run all or nothing. */
export const TransactionInput = Type.Object(
  {
    database: DatabaseField,
    queries: queries(
      Type.Object(
        {
          ...statement,
          assert: Type.Optional(
            Type.Boolean({ description: 'a read whose first value must be true, or everything is rolled back' }),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
)

/** A table to create. */
export const CreateTableInput = Type.Object(
  { database: DatabaseField, schema: Type.String({ description: 'a CREATE TABLE statement' }) },
  closed,
)

/** A table to drop. */
export const DropTableInput = Type.Object(
  { database: DatabaseField, table_name: Type.String({ minLength: 1, maxLength: 1_024 }) },
  closed,
)

/** A database named by the path. */
export const NameInput = Type.Object({ name: DatabaseField }, closed)

/** No input at all. */
export const NoInput = Type.Object({}, closed)

const AppField = Type.String({ description: "another app than the credential's own; for operators" })

/** An API key to make known. */
export const CreateKeyInput = Type.Object(
  {
    hash: Type.String({
      pattern: '^sha256:[0-9a-f]{64}$',
      description: 'sha256: and the SHA-256 of the secret in hex',
    }),
    scope: Type.Unsafe<Scope>({ type: 'string', enum: ['read', 'write', 'admin'] }),
    app: Type.Optional(AppField),
    databases: Type.Optional(
      Type.Array(DatabaseField, {
        maxItems: LIMITS.databasesPerKey,
        description: 'the only databases it may touch; all of the app when left out',
      }),
    ),
    may_create: Type.Optional(
      Type.Boolean({ description: 'whether it creates missing databases; when left out, unless it only reads' }),
    ),
    expires_at: Type.Optional(Type.String({ description: 'RFC 3339; never when left out', maxLength: 40 })),
  },
  closed,
)

/** Whose API keys to list. */
export const ListKeysInput = Type.Object({ app: Type.Optional(AppField) }, closed)

/** An API key named by the path. */
export const KeyIdInput = Type.Object(
  { id: Type.String({ pattern: '^[A-Za-z0-9]{1,64}$', description: 'dbc_<id>_<secret>' }) },
  closed,
)
