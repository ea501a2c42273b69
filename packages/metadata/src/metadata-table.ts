import {
  type DatabaseRecord,
  type KeyGrant,
  type KeyRecord,
  type MetadataRecord,
  type NodeInfo,
  type NodeRecord,
  type ReplicaState,
  recordKey,
} from '@dbcluster/protocol'
import { peerOfActor } from './actor.js'
import {
  type DecreeChange,
  type PlacementChange,
  withDecree,
  withNodeInfo,
  withPlacement,
  withReplicaState,
  withTombstone,
} from './changes.js'
import { type Digest, type DigestEntry, DigestIndex } from './digest-index.js'
import { withGrant, withRevocation } from './key-changes.js'
import { joinRecords } from './merge.js'
import { SortedKeys } from './sorted-keys.js'

export interface MetadataTableInit {
  /** Who writes through this table, from `actorOf`. */
  readonly actor: string
}

/** What a merge did. */
export interface MergeResult {
  /** Records that this table now holds otherwise than before, each once: store them, and pass them on. */
  readonly changed: readonly MetadataRecord[]
  /** Records, as this table has them, of which an incoming version lacked something: the sender could be told. */
  readonly stale: readonly MetadataRecord[]
}

/** What two sides owe each other. */
export interface Difference {
  /** Keys to ask for, sorted. */
  readonly want: readonly string[]
  /** Records to send, sorted by key. */
  readonly send: readonly MetadataRecord[]
}

/**
 * All that one node knows: in memory, synchronous, deterministic. No I/O, clock or randomness; whoever holds it stores
 * and gossips what its methods say has changed. Records must have passed the protocol's schema.
 */
export class MetadataTable {
  readonly actor: string
  readonly #records = new Map<string, MetadataRecord>()
  readonly #keys = new SortedKeys()
  readonly #digests = new DigestIndex()

  constructor(init: MetadataTableInit) {
    this.actor = init.actor
  }

  /** Records held, tombstones included. */
  get size(): number {
    return this.#records.size
  }

  get(key: string): MetadataRecord | undefined {
    return this.#records.get(key)
  }

  /** A database by its internal name; tombstones too. */
  database(name: string): DatabaseRecord | undefined {
    const record = this.#records.get(`database/${name}`)
    return record?.kind === 'database' ? record : undefined
  }

  node(peerId: string): NodeRecord | undefined {
    const record = this.#records.get(`node/${peerId}`)
    return record?.kind === 'node' ? record : undefined
  }

  /** Databases whose internal name begins with `prefix`, sorted by name; tombstones too. */
  databases(prefix = ''): DatabaseRecord[] {
    return this.records(`database/${prefix}`).filter((record) => record.kind === 'database')
  }

  /** Every node, sorted by peer id. */
  nodes(): NodeRecord[] {
    return this.records('node/').filter((record) => record.kind === 'node')
  }

  /** An API key by its id; revoked ones too. */
  key(id: string): KeyRecord | undefined {
    const record = this.#records.get(`key/${id}`)
    return record?.kind === 'key' ? record : undefined
  }

  /** Every API key, sorted by id; revoked ones too. */
  keys(): KeyRecord[] {
    return this.records('key/').filter((record) => record.kind === 'key')
  }

  /** Records whose key begins with `prefix`, sorted by key. */
  records(prefix = ''): MetadataRecord[] {
    return this.#keys.startingWith(prefix).flatMap((key) => this.#records.get(key) ?? [])
  }

  /** Takes in records from anywhere, in any order, any number of times. */
  merge(incoming: readonly MetadataRecord[]): MergeResult {
    const changed = new Map<string, MetadataRecord>()
    const stale = new Map<string, MetadataRecord>()
    for (const record of incoming) {
      const key = recordKey(record)
      const ours = this.#records.get(key)
      const join = ours === undefined ? undefined : joinRecords(ours, record)
      const joined = join?.record ?? record
      if (join?.firstLacked !== false) changed.set(key, this.#set(key, joined))
      if (join?.secondLacked || stale.has(key)) stale.set(key, joined)
    }
    return { changed: [...changed.values()], stale: [...stale.values()] }
  }

  /** {@link withDecree}. Each `put…` returns the record it changed, `undefined` when nothing changed. */
  putDecree(change: DecreeChange): DatabaseRecord | undefined {
    return this.#replace(this.database(change.name), (record) => withDecree(record, this.actor, change))
  }

  /** {@link withTombstone}; nothing for an unknown name. */
  putTombstone(name: string): DatabaseRecord | undefined {
    return this.#change(name, (record) => withTombstone(record, this.actor))
  }

  /** {@link withPlacement}; nothing for an unknown name. */
  putPlacement(name: string, change: PlacementChange): DatabaseRecord | undefined {
    return this.#change(name, (record) => withPlacement(record, this.actor, change))
  }

  /** {@link withReplicaState}, of the actor's own replica; nothing for an unknown name. */
  putReplicaState(name: string, state: ReplicaState): DatabaseRecord | undefined {
    return this.#change(name, (record) => withReplicaState(record, this.actor, state))
  }

  /** {@link withNodeInfo}, of the actor's own node. */
  putNodeInfo(info: NodeInfo): NodeRecord | undefined {
    return this.#replace(this.node(peerOfActor(this.actor)), (record) => withNodeInfo(record, this.actor, info))
  }

  /** {@link withGrant}: nothing for an id that is known. */
  putGrant(id: string, grant: KeyGrant): KeyRecord | undefined {
    return this.#replace(this.key(id), (record) => withGrant(record, this.actor, id, grant))
  }

  /** {@link withRevocation}. */
  putRevocation(id: string): KeyRecord | undefined {
    return this.#replace(this.key(id), (record) => withRevocation(record, this.actor, id))
  }

  /** Digest of each bucket: what the first message of anti-entropy carries. */
  digest(): Digest {
    return this.#digests.digest()
  }

  /** Buckets in which the other side holds something else. Empty: both hold the same, nothing more is exchanged. */
  differingBuckets(theirs: Digest): number[] {
    return this.#digests.differing(theirs)
  }

  /** What this table holds in these buckets, sorted by key. */
  entries(buckets: readonly number[]): DigestEntry[] {
    return this.#digests.entries(buckets)
  }

  /** Weighs the other side's entries of these buckets against ours. A key that differs is both wanted and sent. */
  compare(buckets: readonly number[], theirs: readonly DigestEntry[]): Difference {
    const their = new Map(theirs.map(({ key, hash }) => [key, hash]))
    const want = [...their.keys()].filter((key) => this.#digests.hashOf(key) !== their.get(key)).sort()
    const missing = this.entries(buckets).filter(({ key, hash }) => their.get(key) !== hash)
    return { want, send: missing.flatMap(({ key }) => this.#records.get(key) ?? []) }
  }

  #change(name: string, change: (record: DatabaseRecord) => DatabaseRecord): DatabaseRecord | undefined {
    const record = this.database(name)
    return record === undefined ? undefined : this.#replace(record, () => change(record))
  }

  #replace<R extends MetadataRecord>(before: R | undefined, change: (before: R | undefined) => R): R | undefined {
    const after = change(before)
    if (after === before) return undefined
    this.#set(recordKey(after), after)
    return after
  }

  #set(key: string, record: MetadataRecord): MetadataRecord {
    if (!this.#records.has(key)) this.#keys.add(key)
    this.#records.set(key, record)
    this.#digests.set(key, record)
    return record
  }
}
