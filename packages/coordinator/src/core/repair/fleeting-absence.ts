import { effectiveReplicas } from '@dbcluster/metadata'
import type { DatabaseRecord } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { RaftSeen } from './repair-events.js'
import type { Watch } from './repair-state.js'

/** A member that changes its address is out of the configuration for about a round trip, whatever its node has told. */
const ABSENT_MS = 1_000
/** One that says it comes up may be trying to: rqlited tries for as long, see `joinLimitMs`. */
const STARTING_MS = 12_000

/**
 * Whether a placed member is missing among the voters for a moment only. rqlited gives a member a new address by removing
 * it and adding it again: a placement copied in between would have it disown its data (design invariant I5).
 */
export const isFleetingAbsence = (
  context: CoreContext,
  watch: Watch,
  { record, view }: { readonly record: DatabaseRecord; readonly view: RaftSeen },
): boolean => {
  const absent = effectiveReplicas(record).filter(
    ({ peerId, raftId }) =>
      context.isLive(peerId) && raftId !== watch.removed && !view.voters.some(({ id }) => id === raftId),
  )
  if (absent.length === 0) {
    watch.absentSinceMs = undefined
    return false
  }
  watch.absentSinceMs ??= context.nowMs
  const isStarting = absent.some(({ peerId }) => record.replicas[peerId]?.value.status === 'starting')
  return context.nowMs - watch.absentSinceMs < (isStarting ? STARTING_MS : ABSENT_MS)
}
