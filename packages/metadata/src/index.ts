export { actorOf, peerOfActor } from './actor.js'
export { canonicalText } from './canonical.js'
export {
  type DecreeChange,
  type PlacementChange,
  withDecree,
  withNodeInfo,
  withPlacement,
  withReplicaState,
  withTombstone,
} from './changes.js'
export { type ClockOrder, clockSum, compareClocks, EMPTY_CLOCK, incrementClock, joinClocks } from './clock.js'
export { comparePlacements } from './database-core.js'
export type { Digest, DigestEntry } from './digest-index.js'
export { effectiveReplicas } from './effective-replicas.js'
export { mergeRecords } from './merge.js'
export { type Difference, type MergeResult, MetadataTable, type MetadataTableInit } from './metadata-table.js'
export { BUCKETS, bucketOf, recordHash } from './record-hash.js'
export { compareStamped, joinStamped } from './stamped.js'
export type { KeyValueStore, StoreEntry, StoreWrite } from './store/key-value-store.js'
export { createMemoryDisk, createMemoryStore, type MemoryDisk } from './store/memory-store.js'
export { openStore } from './store/open-store.js'
export { PENDING_WRITES_MAX } from './store/write-queue.js'
