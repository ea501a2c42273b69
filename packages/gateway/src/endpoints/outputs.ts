import { Type } from '@sinclair/typebox'

const Integer = Type.Integer({ description: 'exact, of up to 64 bits' })
const Value = Type.Unknown({
  description:
    'null, a number, a text, or {"$blob":"<base64>"}; integers of any size are exact numbers, and {"$int":"…"} when application/vnd.dbcluster+json is accepted',
})
const rows = {
  items: Type.Array(Type.Record(Type.String(), Value), {
    description: 'rows as objects; of columns that share a name the last wins',
  }),
  columns: Type.Array(Type.String()),
  rows: Type.Array(Type.Array(Value), { description: 'the same rows as arrays' }),
}

/** What went wrong. */
export const ErrorOutput = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ examples: ['SQL_ERROR'] }),
      message: Type.String(),
      hint: Type.Optional(Type.String()),
      request_id: Type.String(),
      statement_index: Type.Optional(Type.Integer()),
      details: Type.Optional(Type.Object({}, { additionalProperties: true })),
    }),
  },
  { $id: 'Error' },
)

export const QueryOutput = Type.Object({ ...rows, count: Type.Integer() })

export const WriteOutput = Type.Object({
  rows_affected: Type.Integer({ description: '0 for DDL' }),
  last_insert_id: Integer,
  items: Type.Optional(rows.items),
  columns: Type.Optional(rows.columns),
  rows: Type.Optional(rows.rows),
})

export const BatchOutput = Type.Object({
  results: Type.Array(Type.Union([WriteOutput, Type.Object({ error: ErrorOutput.properties.error })])),
})

export const TransactionOutput = Type.Object({ success: Type.Literal(true), results: Type.Array(WriteOutput) })

export const SchemaOutput = Type.Object({
  tables: Type.Array(
    Type.Object({
      name: Type.String(),
      columns: Type.Array(Type.String()),
      sql: Type.String(),
      type: Type.Unsafe<'table' | 'view'>({ type: 'string', enum: ['table', 'view'] }),
    }),
  ),
})

export const ListOutput = Type.Object({ databases: Type.Array(Type.String()) })

export const OpenOutput = Type.Object({ created: Type.Boolean(), cluster_id: Type.String() })

export const DeleteOutput = Type.Object({ deleted: Type.Literal(true) })

const time = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description })

export const StatusOutput = Type.Object({
  database: Type.String(),
  status: Type.Unsafe<string>({
    type: 'string',
    enum: ['creating', 'active', 'hibernating', 'waking', 'unavailable'],
  }),
  cluster_id: Type.String(),
  replication_factor: Type.Integer(),
  replicas: Type.Array(
    Type.Object({
      peer_id: Type.String(),
      status: Type.String(),
      http_port: Type.Integer(),
      raft_port: Type.Integer(),
      leader: Type.Boolean(),
      last_query: time('null when none was served since the start of the node'),
    }),
  ),
  rqlite_version: Type.String(),
})

export const NetworkOutput = Type.Object({
  nodes: Type.Array(
    Type.Object({
      peer_id: Type.String(),
      health: Type.Unsafe<string>({ type: 'string', enum: ['healthy', 'suspect', 'unhealthy'] }),
      last_seen: time('null when it was not seen since the start of the node that was asked'),
      databases: Type.Integer(),
      max_databases: Type.Integer(),
      rqlite_version: Type.String(),
      draining: Type.Optional(Type.Boolean()),
    }),
  ),
})

const Key = Type.Object({
  id: Type.String({ description: 'dbc_<id>_<secret>' }),
  app: Type.String({ description: 'empty for a key that only configurations know' }),
  scope: Type.Unsafe<string | null>({ type: ['string', 'null'], enum: ['read', 'write', 'admin', null] }),
  databases: Type.Unsafe<string[] | null>({
    type: ['array', 'null'],
    items: { type: 'string' },
    description: 'null: all of the app',
  }),
  may_create: Type.Boolean(),
  expires_at: time('null: never'),
  created_at: time('null for a key that only configurations know'),
  created_by: Type.String(),
  revoked: Type.Boolean(),
})

export const KeyOutput = Type.Object({ key: Key })

export const KeysOutput = Type.Object({ keys: Type.Array(Key) })
