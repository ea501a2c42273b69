import { effectiveReplicas } from '@dbcluster/metadata'
import type { DatabaseRecord, ReplicaAssignment } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { Health } from './health.js'
import { isGone, wantedReplicas } from './repair-facts.js'

/**
 * Why a sleeping database is to be repaired.
 * - `lost`: it has a dead replica, or one too few; it may have fallen asleep between a removal and an arrival.
 * - `leaving`: a node with a replica of it is up, and is being emptied.
 */
export type SleeperNeed = 'lost' | 'leaving'

/** Why a database is to be repaired, going by its record and what is known of nodes; undefined when it is well. */
export const sleeperNeed = (context: CoreContext, health: Health, record: DatabaseRecord): SleeperNeed | undefined => {
  const placed = effectiveReplicas(record)
  if (deadOf(context, health, record).length > 0 || placed.length < wantedReplicas(record)) return 'lost'
  const isLeaving = ({ peerId }: ReplicaAssignment): boolean =>
    context.isLive(peerId) && context.table.node(peerId)?.info.value.draining === true
  return placed.some(isLeaving) ? 'leaving' : undefined
}

/** Whether its repair can be begun, and this node is the one to wake it: the lowest live one that holds a replica. */
export const isForUsToWake = (context: CoreContext, health: Health, record: DatabaseRecord): boolean => {
  const placed = effectiveReplicas(record)
  const dead = deadOf(context, health, record)
  const live = placed.filter((replica) => !dead.includes(replica) && context.isLive(replica.peerId))
  const holding = new Set(live.map(({ peerId }) => peerId))
  // One that fell asleep after the newcomer had joined needs nobody else: whoever leaves has only to go.
  const hasNewcomer = placed.length - dead.length > wantedReplicas(record)
  const [lowest] = [...holding].sort()
  return (
    lowest === context.self.peerId &&
    live.length > placed.length / 2 &&
    (hasNewcomer || context.liveMembers().some((peerId) => !holding.has(peerId) && mayTake(context, record, peerId)))
  )
}

/** Whether a node would take a replica in, as far as it has told of itself. */
const mayTake = (context: CoreContext, record: DatabaseRecord, peerId: string): boolean => {
  const info = context.table.node(peerId)?.info.value
  if (info === undefined) return true
  if (info.draining === true || info.stopping === true || info.rqliteMajor !== record.decree.rqliteMajor) return false
  // A lost replica of this very name makes room for the one that takes its place.
  const isHere = effectiveReplicas(record).some((replica) => replica.peerId === peerId)
  return isHere || info.databases < info.maxDatabases
}

const deadOf = (context: CoreContext, health: Health, record: DatabaseRecord): readonly ReplicaAssignment[] =>
  effectiveReplicas(record).filter(
    ({ peerId, raftId }) => !context.isMember(peerId) || health.isDead(peerId) || isGone(record, raftId),
  )
