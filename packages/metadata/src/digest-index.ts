import { compareText, type MetadataRecord } from '@dbcluster/protocol'
import { BUCKETS, bucketOf, recordHash } from './record-hash.js'

/** One record as the other side needs to know it. */
export interface DigestEntry {
  readonly key: string
  /** {@link recordHash} of the record, 16 hex characters. */
  readonly hash: string
}

/** Digest of each bucket by its number; empty buckets are left out. */
export type Digest = Readonly<Record<string, string>>

interface Bucket {
  readonly hashes: Map<string, string>
  /** XOR of all hashes, in two halves of 32 bits. */
  high: number
  low: number
}

const hex8 = (half: number): string => (half >>> 0).toString(16).padStart(8, '0')

/**
 * Digests of a table, kept up incrementally: a changed record costs one hash, and that only when a digest is next
 * asked for, so many changes of one record between two rounds of anti-entropy cost one.
 */
export class DigestIndex {
  readonly #buckets = new Map<number, Bucket>()
  readonly #unhashed = new Map<string, MetadataRecord>()

  /** Takes note of a new or changed record. */
  set(key: string, record: MetadataRecord): void {
    this.#unhashed.set(key, record)
  }

  digest(): Digest {
    this.#catchUp()
    const digest: Record<string, string> = {}
    for (const [number, { high, low }] of this.#buckets) digest[number] = hex8(high) + hex8(low)
    return digest
  }

  /** Every record of these buckets, sorted by key. Numbers that are no bucket are ignored. */
  entries(buckets: readonly number[]): DigestEntry[] {
    this.#catchUp()
    const entries: DigestEntry[] = []
    for (const number of new Set(buckets)) {
      for (const [key, hash] of this.#buckets.get(number)?.hashes ?? []) entries.push({ key, hash })
    }
    return entries.sort((a, b) => compareText(a.key, b.key))
  }

  hashOf(key: string): string | undefined {
    this.#catchUp()
    return this.#buckets.get(bucketOf(key))?.hashes.get(key)
  }

  /** Buckets, ascending, in which the two digests differ. */
  differing(theirs: Digest): number[] {
    const ours = this.digest()
    const differing: number[] = []
    for (let number = 0; number < BUCKETS; number += 1) {
      const their = Object.hasOwn(theirs, number) ? theirs[number] : undefined
      if (ours[number] !== their) differing.push(number)
    }
    return differing
  }

  #catchUp(): void {
    for (const [key, record] of this.#unhashed) this.#put(key, recordHash(record))
    this.#unhashed.clear()
  }

  #put(key: string, hash: string): void {
    const number = bucketOf(key)
    const bucket = this.#buckets.get(number) ?? { hashes: new Map<string, string>(), high: 0, low: 0 }
    this.#buckets.set(number, bucket)
    for (const changed of [bucket.hashes.get(key), hash]) {
      if (changed === undefined) continue
      bucket.high ^= Number.parseInt(changed.slice(0, 8), 16)
      bucket.low ^= Number.parseInt(changed.slice(8), 16)
    }
    bucket.hashes.set(key, hash)
  }
}
