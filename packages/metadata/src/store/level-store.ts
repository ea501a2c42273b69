import { DbClusterError } from '@dbcluster/protocol'
import type { ClassicLevel } from 'classic-level'
import { ContentTotal, type Total } from './content-total.js'
import type { KeyValueStore, StoreEntry, StoreWrite } from './key-value-store.js'
import { checkStored, decodeStored, encodeStored } from './store-value.js'
import { type EncodedWrite, OWN_PREFIX, WriteQueue } from './write-queue.js'

export type Level = ClassicLevel<string, Uint8Array>

const INCARNATION_KEY = `${OWN_PREFIX}incarnation`
const TOTAL_KEY = `${OWN_PREFIX}total`

/** Puts into a fresh LevelDB what makes it a store. */
export const initializeLevel = async (level: Level, incarnation: string): Promise<void> => {
  const stored = encodeStored(INCARNATION_KEY, incarnation)
  const total = new ContentTotal()
  total.set(INCARNATION_KEY, stored.checksum)
  const batch = [put(INCARNATION_KEY, stored.bytes), put(TOTAL_KEY, encodeStored(TOTAL_KEY, total.total).bytes)]
  await level.batch(batch, { sync: true })
}

const put = (key: string, value: Uint8Array) => ({ type: 'put', key, value }) as const

/** A {@link KeyValueStore} in LevelDB: fsync on every commit, checksums on every value and over all of them. */
export class LevelStore implements KeyValueStore {
  readonly incarnation: string
  readonly #level: Level
  readonly #total: ContentTotal
  readonly #queue = new WriteQueue((writes) => this.#commit(writes))

  private constructor(level: Level, total: ContentTotal, incarnation: string) {
    this.#level = level
    this.#total = total
    this.incarnation = incarnation
  }

  /** Reads an open LevelDB from end to end. @throws DbClusterError `STORE_CORRUPT` when anything is missing or wrong */
  static async read(level: Level): Promise<LevelStore> {
    const total = new ContentTotal()
    let incarnation: unknown
    let expected: unknown
    for await (const [key, bytes] of level.iterator()) {
      if (key === TOTAL_KEY) expected = decodeStored(key, bytes)
      else total.set(key, checkStored(key, bytes))
      if (key === INCARNATION_KEY) incarnation = decodeStored(key, bytes)
    }
    if (typeof incarnation !== 'string' || expected === undefined) {
      throw new DbClusterError(
        'STORE_CORRUPT',
        `it has no ${typeof incarnation === 'string' ? TOTAL_KEY : INCARNATION_KEY}`,
      )
    }
    const { count, sum } = expected as Total
    if (count !== total.total.count || sum !== total.total.sum) {
      throw new DbClusterError(
        'STORE_CORRUPT',
        `it holds ${total.total.count} entries that are not the ${count} written`,
      )
    }
    return new LevelStore(level, total, incarnation)
  }

  async entries(prefix: string): Promise<readonly StoreEntry[]> {
    const entries: StoreEntry[] = []
    for await (const [key, bytes] of this.#level.iterator({ gte: prefix })) {
      if (!key.startsWith(prefix)) break
      if (!key.startsWith(OWN_PREFIX)) entries.push([key, decodeStored(key, bytes)])
    }
    return entries
  }

  write(batch: readonly StoreWrite[]): Promise<void> {
    return this.#queue.write(batch)
  }

  async close(): Promise<void> {
    await this.#queue.close()
    await this.#level.close()
  }

  async #commit(writes: readonly EncodedWrite[]): Promise<void> {
    if (writes.length === 0) return
    for (const { key, stored } of writes) {
      if (stored === undefined) this.#total.delete(key)
      else this.#total.set(key, stored.checksum)
    }
    const batch = writes.map(({ key, stored }) =>
      stored === undefined ? ({ type: 'del', key } as const) : put(key, stored.bytes),
    )
    const total = put(TOTAL_KEY, encodeStored(TOTAL_KEY, this.#total.total).bytes)
    await this.#level.batch([...batch, total], { sync: true }).catch((cause: unknown) => {
      throw new DbClusterError(
        'STORE_WRITE_FAILED',
        `${writes.length} changes could not be written: ${reasonOf(cause)}`,
        {
          hint: 'check free space and health of the disk, then restart the node: it goes on from what the disk holds',
          cause,
        },
      )
    })
  }
}

/** The innermost message of an error of LevelDB's. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // LevelDB's own errors come from native code, and so need not be of this realm's Error.
  const message = (error.cause as { readonly message?: unknown } | undefined)?.message
  return typeof message === 'string' ? message : error.message
}
