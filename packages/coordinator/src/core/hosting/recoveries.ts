import type { DatabaseRecord } from '@dbcluster/protocol'
import type { LocalReplica } from '../events.js'
import type { Hosted } from './hosted.js'

/**
 * Why the order for this recovery changes nothing here; undefined when it is to be followed. The number on the replica's
 * disk proves nothing: its rqlited may have failed, or its node stopped, before it came up from it.
 */
export const recoveryRefusal = (record: DatabaseRecord, hosted: Hosted, ordered: number): string | undefined => {
  if ((record.placement?.recovery ?? 0) >= ordered) return 'it was recovered already'
  if ((hosted.recovering ?? 0) >= ordered) return 'this replica is starting for that recovery already'
  return undefined
}

/**
 * The recovery that a replica is to start in; nothing for a cluster that was never recovered. Whoever recovered knows it
 * before any placement tells, a newcomer from the placement.
 */
export const recoveryOf = (
  { placement }: DatabaseRecord,
  { recovery = 0 }: LocalReplica,
): { readonly recovery?: number } => {
  const latest = Math.max(recovery, placement?.recovery ?? 0)
  return latest === 0 ? {} : { recovery: latest }
}
