import { compareText } from '@dbcluster/protocol'
import type { KeyValueStore } from './key-value-store.js'
import { decodeStored } from './store-value.js'
import { WriteQueue } from './write-queue.js'

/** What outlives a store in memory, as a disk outlives a process: open another store on it to see it again. */
export interface MemoryDisk {
  readonly incarnation: string
  readonly values: Map<string, Uint8Array>
}

/** An empty disk. `incarnation` is 16 hex characters; another disk, another incarnation. */
export const createMemoryDisk = (incarnation: string): MemoryDisk => ({ incarnation, values: new Map() })

/** A {@link KeyValueStore} for tests and simulations: no I/O, no randomness, a write resolves in a microtask. */
export const createMemoryStore = (disk: MemoryDisk): KeyValueStore => {
  const queue = new WriteQueue(async (writes) => {
    for (const { key, stored } of writes) {
      if (stored === undefined) disk.values.delete(key)
      else disk.values.set(key, stored.bytes)
    }
  })
  return {
    incarnation: disk.incarnation,
    entries: async (prefix) =>
      [...disk.values]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => compareText(a, b))
        .map(([key, bytes]) => [key, decodeStored(key, bytes)] as const),
    write: (batch) => queue.write(batch),
    close: () => queue.close(),
  }
}
