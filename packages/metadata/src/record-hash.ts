import { hash } from 'node:crypto'
import type { MetadataRecord } from '@dbcluster/protocol'
import { canonicalText } from './canonical.js'

/** Buckets of a table's digest. Both sides of an exchange must use the same number. */
export const BUCKETS = 256

/** 64 bits of SHA-256 over the record's canonical text, as 16 hex characters. */
export const recordHash = (record: MetadataRecord): string => hash('sha256', canonicalText(record), 'hex').slice(0, 16)

/** The bucket that a key belongs to, on every node alike. */
export const bucketOf = (key: string): number => Number.parseInt(hash('sha256', key, 'hex').slice(0, 8), 16) % BUCKETS
