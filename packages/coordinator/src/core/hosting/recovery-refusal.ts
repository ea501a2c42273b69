import type { DatabaseRecord } from '@dbcluster/protocol'
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
