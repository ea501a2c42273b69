import { Type } from '@sinclair/typebox'
import { RecordSchema } from '../records.js'

const closed = { additionalProperties: false } as const
const Key = Type.String({ maxLength: 160 })
const Hash = Type.String({ pattern: '^[0-9a-f]{16}$' })

/** Records that changed, by gossip or directly. Merging one twice, late or out of order changes nothing more. */
export const MetadataUpdateSchema = Type.Object(
  { type: Type.Literal('METADATA_UPDATE'), records: Type.Array(RecordSchema, { maxItems: 1_000 }) },
  closed,
)

/** One round of anti-entropy begins: the digest of each bucket, empty ones omitted. */
export const MetadataDigestSchema = Type.Object(
  {
    type: Type.Literal('METADATA_DIGEST'),
    buckets: Type.Record(Type.String({ pattern: '^\\d{1,5}$' }), Hash),
    /** The sender wants to know when nothing differs, too: it is told the receiver's own digest. */
    answer: Type.Optional(Type.Literal(true)),
  },
  closed,
)

/** What the receiver holds in the buckets that differ. */
export const MetadataEntriesSchema = Type.Object(
  {
    type: Type.Literal('METADATA_ENTRIES'),
    buckets: Type.Array(Type.Integer({ minimum: 0, maximum: 65_535 }), { maxItems: 4_096 }),
    entries: Type.Array(Type.Object({ key: Key, hash: Hash }, closed), { maxItems: 100_000 }),
  },
  closed,
)

/** Send me these. */
export const MetadataWantSchema = Type.Object(
  { type: Type.Literal('METADATA_WANT'), keys: Type.Array(Key, { maxItems: 10_000 }) },
  closed,
)
