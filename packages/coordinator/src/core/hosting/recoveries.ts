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

/** A replica that is to start, for an operator's recovery or without one. */
export type Startable = LocalReplica & Pick<Hosted, 'recovering'>

/**
 * The recovery of its cluster that a start is about; nothing for a cluster that was never recovered. A newcomer comes into
 * the placement's. A member that comes back is in the one that its directory tells, whatever is said here.
 */
export const recoveryOf = (
  { placement }: DatabaseRecord,
  { recovering, recovery = 0 }: Startable,
): { readonly recovery?: number } => {
  const latest = recovering ?? Math.max(recovery, placement?.recovery ?? 0)
  return latest === 0 ? {} : { recovery: latest }
}
