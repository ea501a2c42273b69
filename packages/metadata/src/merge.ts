import {
  type DatabaseRecord,
  DbClusterError,
  type KeyRecord,
  type MetadataRecord,
  type NodeRecord,
  recordKey,
} from '@dbcluster/protocol'
import { joinClocks } from './clock.js'
import { compareCores, type DatabaseCore } from './database-core.js'
import { compareGrants } from './key-changes.js'
import { compareStamped } from './stamped.js'

/** The join of two records, and which of them was missing something. */
export interface RecordJoin<R extends MetadataRecord> {
  /** The first one itself when it lacked nothing, else the second one itself when that lacked nothing. */
  readonly record: R
  readonly firstLacked: boolean
  readonly secondLacked: boolean
}

/** Collects, part by part, which side was missing something. */
class Tally {
  firstLacked = false
  secondLacked = false

  /** The greater of two parts by their order; the first where they are equal. */
  max<T>(first: T, second: T, order: number): T {
    if (order < 0) this.firstLacked = true
    if (order > 0) this.secondLacked = true
    return order < 0 ? second : first
  }

  clocks(first: MetadataRecord['clock'], second: MetadataRecord['clock']): MetadataRecord['clock'] {
    const joined = joinClocks(first, second)
    if (joined !== first) this.firstLacked = true
    if (joined === first ? joinClocks(second, first) !== second : joined !== second) this.secondLacked = true
    return joined
  }

  replicas(first: DatabaseRecord['replicas'], second: DatabaseRecord['replicas']): DatabaseRecord['replicas'] {
    const joined = new Map(Object.entries(first))
    for (const [peerId, theirs] of Object.entries(second)) {
      const ours = joined.get(peerId)
      if (ours === undefined) this.firstLacked = true
      joined.set(peerId, ours === undefined ? theirs : this.max(ours, theirs, compareStamped(ours, theirs)))
    }
    if (joined.size > Object.keys(second).length) this.secondLacked = true
    return Object.fromEntries(joined)
  }

  result<R extends MetadataRecord>(first: R, second: R, joined: () => R): RecordJoin<R> {
    const { firstLacked, secondLacked } = this
    const record = !firstLacked ? first : !secondLacked ? second : joined()
    return { record, firstLacked, secondLacked }
  }
}

const joinDatabases = (first: DatabaseRecord, second: DatabaseRecord): RecordJoin<DatabaseRecord> => {
  const tally = new Tally()
  const { decree, deleted, established, placement } = tally.max<DatabaseCore>(
    first,
    second,
    compareCores(first, second),
  )
  const replicas = tally.replicas(first.replicas, second.replicas)
  const clock = tally.clocks(first.clock, second.clock)
  return tally.result(first, second, () => ({
    kind: 'database',
    name: first.name,
    decree,
    established,
    deleted,
    ...(placement === undefined ? {} : { placement }),
    replicas,
    clock,
  }))
}

const joinNodes = (first: NodeRecord, second: NodeRecord): RecordJoin<NodeRecord> => {
  const tally = new Tally()
  const info = tally.max(first.info, second.info, compareStamped(first.info, second.info))
  const clock = tally.clocks(first.clock, second.clock)
  return tally.result(first, second, () => ({ kind: 'node', peerId: first.peerId, info, clock }))
}

/** A revocation is never undone: whoever knows of it prevails, whatever grant comes with it. */
const joinKeys = (first: KeyRecord, second: KeyRecord): RecordJoin<KeyRecord> => {
  const tally = new Tally()
  const grant = tally.max(first.grant, second.grant, compareGrants(first.grant, second.grant))
  const revoked = tally.max(first.revoked, second.revoked, Number(first.revoked) - Number(second.revoked))
  const clock = tally.clocks(first.clock, second.clock)
  return tally.result(first, second, () => ({
    kind: 'key',
    id: first.id,
    ...(grant === undefined ? {} : { grant }),
    revoked,
    clock,
  }))
}

/**
 * The join of two records of one key: commutative, associative, idempotent, for any input whatever. No wall clock
 * decides anything.
 * @throws DbClusterError `INTERNAL` when the keys differ
 */
export const joinRecords = (first: MetadataRecord, second: MetadataRecord): RecordJoin<MetadataRecord> => {
  if (first === second) return { record: first, firstLacked: false, secondLacked: false }
  const sameKey = recordKey(first) === recordKey(second)
  if (sameKey && first.kind === 'database' && second.kind === 'database') return joinDatabases(first, second)
  if (sameKey && first.kind === 'node' && second.kind === 'node') return joinNodes(first, second)
  if (sameKey && first.kind === 'key' && second.kind === 'key') return joinKeys(first, second)
  throw new DbClusterError('INTERNAL', `records of ${recordKey(first)} and ${recordKey(second)} cannot be merged`)
}

/** {@link joinRecords}, the joined record only. Returns `a` itself when `b` brought nothing new. */
export const mergeRecords = (a: MetadataRecord, b: MetadataRecord): MetadataRecord => joinRecords(a, b).record
