/** One change of a store. */
export interface StoreWrite {
  /** Any text but one beginning with `meta/`: those are the store's own. */
  readonly key: string
  /** What CBOR can carry; `undefined` deletes the key. */
  readonly value: unknown
}

/** A key with its value, as it was written. */
export type StoreEntry = readonly [key: string, value: unknown]

/** What a node must not forget. Open from the moment one holds it until `close`. */
export interface KeyValueStore {
  /** 16 hex characters, random, made with the store and kept in it: another store is another incarnation. */
  readonly incarnation: string
  /** All entries whose key begins with `prefix`, sorted by key; every acknowledged write is in. */
  entries(prefix: string): Promise<readonly StoreEntry[]>
  /**
   * Writes all of the batch or nothing of it, and resolves once it is on disk. Later calls never overtake earlier
   * ones; calls made at the same time share one disk flush.
   * @throws DbClusterError `STORE_WRITE_FAILED` once a write has failed: what is on disk is unknown then, and every
   * later write is refused too; `OVERLOADED` when `PENDING_WRITES_MAX` are waiting; `SHUTTING_DOWN` after `close`;
   * `INVALID_VALUE` for a reserved key
   */
  write(batch: readonly StoreWrite[]): Promise<void>
  /** Finishes what was begun, then closes. May be called again. */
  close(): Promise<void>
}
