import { DbClusterError, toDbClusterError } from '@dbcluster/protocol'
import type { StoreWrite } from './key-value-store.js'
import { encodeStored, type StoredValue } from './store-value.js'

/** Changes that may wait for the disk; a caller beyond that is told so at once. */
export const PENDING_WRITES_MAX = 100_000

/** Keys under which a store keeps what is its own. */
export const OWN_PREFIX = 'meta/'

/** A change ready for the disk; no value deletes. */
export interface EncodedWrite {
  readonly key: string
  readonly stored: StoredValue | undefined
}

interface Waiting {
  readonly writes: readonly EncodedWrite[]
  readonly resolve: () => void
  readonly reject: (error: DbClusterError) => void
}

/** Puts these changes on disk, all or nothing, in this order. */
export type Commit = (writes: readonly EncodedWrite[]) => Promise<void>

const encodeWrite = ({ key, value }: StoreWrite): EncodedWrite => {
  if (key === '' || key.startsWith(OWN_PREFIX)) {
    throw new DbClusterError(
      'INVALID_VALUE',
      `${JSON.stringify(key)} cannot be a key: "${OWN_PREFIX}…" is the store's own`,
    )
  }
  return { key, stored: value === undefined ? undefined : encodeStored(key, value) }
}

/** Group commit: while one commit is under way, further writes collect and go to disk together with the next. */
export class WriteQueue {
  readonly #commit: Commit
  #waiting: Waiting[] = []
  #waitingWrites = 0
  #running: Promise<void> | undefined
  #refusal: DbClusterError | undefined

  constructor(commit: Commit) {
    this.#commit = commit
  }

  async write(batch: readonly StoreWrite[]): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal
    if (this.#waitingWrites + batch.length > PENDING_WRITES_MAX) {
      throw new DbClusterError('OVERLOADED', `${this.#waitingWrites} changes wait for the metadata store's disk`, {
        hint: 'try again later; a disk this slow is worth a look',
      })
    }
    const writes = batch.map(encodeWrite)
    const done = new Promise<void>((resolve, reject) => this.#waiting.push({ writes, resolve, reject }))
    this.#waitingWrites += writes.length
    this.#running ??= this.#run()
    await done
  }

  /** Refuses further writes and resolves when those begun are done. */
  async close(): Promise<void> {
    this.#refusal ??= new DbClusterError('SHUTTING_DOWN', 'the metadata store is closed')
    await this.#running
  }

  async #run(): Promise<void> {
    // Calls made in the same tick are to share the first commit, too.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      this.#waitingWrites = 0
      try {
        await this.#commit(group.flatMap(({ writes }) => writes))
        for (const { resolve } of group) resolve()
      } catch (error) {
        this.#fail(toDbClusterError(error), group)
      }
    }
    this.#running = undefined
  }

  /** After a failed flush nobody knows what the disk holds: nothing more may be built on it. */
  #fail(error: DbClusterError, group: readonly Waiting[]): void {
    this.#refusal = error
    for (const { reject } of [...group, ...this.#waiting]) reject(error)
    this.#waiting = []
    this.#waitingWrites = 0
  }
}
