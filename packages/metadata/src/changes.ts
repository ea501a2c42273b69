import type { DatabaseRecord, Decree, NodeInfo, NodeRecord, Placement, ReplicaState } from '@dbcluster/protocol'
import { peerOfActor } from './actor.js'
import { compareCanonical } from './canonical.js'
import { EMPTY_CLOCK, incrementClock } from './clock.js'
import { compareCores, comparePlacements, coreOf, type DatabaseCore } from './database-core.js'
import { stamp } from './stamped.js'

/** What was decided about a name. */
export interface DecreeChange {
  /** The internal name (`myapp_users`). */
  readonly name: string
  readonly decree: Decree
  readonly established: boolean
  /** @default false */
  readonly deleted?: boolean
}

/** Membership as Raft has it, and of which cluster. */
export interface PlacementChange {
  readonly clusterId: string
  readonly placement: Placement
}

/** The record with this core on top, under the actor's next clock; the record itself when it holds as much already. */
const withCore = (record: DatabaseRecord, actor: string, core: DatabaseCore): DatabaseRecord => {
  if (compareCores(core, record) <= 0) return record
  const { placement: _, ...rest } = record
  return { ...rest, ...core, clock: incrementClock(record.clock, actor) }
}

/**
 * Writes what was decided about a name, in a new record where there was none. Knowledge only grows: a decree that
 * ranks no higher than the one that is there changes nothing and returns the same record.
 */
export const withDecree = (record: DatabaseRecord | undefined, actor: string, change: DecreeChange): DatabaseRecord => {
  const { decree, established, deleted = false } = change
  if (record === undefined) {
    const clock = incrementClock(EMPTY_CLOCK, actor)
    return { kind: 'database', name: change.name, decree, established, deleted, replicas: {}, clock }
  }
  const sameCluster = record.decree.clusterId === decree.clusterId
  const placement = sameCluster && record.placement !== undefined ? { placement: record.placement } : {}
  return withCore(record, actor, { decree, established, deleted, ...placement })
}

/** Ends the current generation. The decree stays, as the tombstone that every node honours. */
export const withTombstone = (record: DatabaseRecord, actor: string): DatabaseRecord =>
  withCore(record, actor, { ...coreOf(record), deleted: true })

/**
 * Copies membership from Raft. Nothing changes when the record is of another cluster, not established, deleted, or
 * knows this epoch or a later one.
 */
export const withPlacement = (record: DatabaseRecord, actor: string, change: PlacementChange): DatabaseRecord => {
  const applies = record.decree.clusterId === change.clusterId && record.established && !record.deleted
  if (!applies || comparePlacements(change.placement, record.placement) <= 0) return record
  return withCore(record, actor, { ...coreOf(record), placement: change.placement })
}

/** How the actor's own replica is doing; the same state again changes nothing. */
export const withReplicaState = (record: DatabaseRecord, actor: string, state: ReplicaState): DatabaseRecord => {
  const peerId = peerOfActor(actor)
  const previous = Object.hasOwn(record.replicas, peerId) ? record.replicas[peerId] : undefined
  if (previous !== undefined && sameContent(previous.value, state)) return record
  const { register, clock } = stamp(state, { actor, clock: record.clock, previous })
  return { ...record, replicas: { ...record.replicas, [peerId]: register }, clock }
}

/** The actor's description of its own node; the same one again changes nothing. */
export const withNodeInfo = (record: NodeRecord | undefined, actor: string, info: NodeInfo): NodeRecord => {
  if (record !== undefined && sameContent(record.info.value, info)) return record
  const stamped = stamp(info, { actor, clock: record?.clock ?? EMPTY_CLOCK, previous: record?.info })
  return { kind: 'node', peerId: peerOfActor(actor), info: stamped.register, clock: stamped.clock }
}

const sameContent = (a: unknown, b: unknown): boolean => compareCanonical(a, b) === 0
