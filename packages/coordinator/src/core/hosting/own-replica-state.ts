import type { DatabaseRecord, ReplicaAssignment, ReplicaState } from '@dbcluster/protocol'

/** Earlier replicas that are remembered as gone; each replacement on this node adds one. */
const LEFT_MAX = 8

/**
 * What this node tells of its replica, with what others cannot know from the decree: where it is, if it came later, and
 * which earlier ones are gone.
 */
export const ownReplicaState = (
  record: DatabaseRecord,
  state: ReplicaState,
  assignment: ReplicaAssignment | undefined,
): ReplicaState => {
  if (assignment === undefined) return state
  const { peerId, raftId, host, httpPort, raftPort } = assignment
  const before = record.replicas[peerId]?.value
  const same = before?.clusterId === state.clusterId ? before : undefined
  const placed = [...(record.placement?.replicas ?? []), ...record.decree.replicas]
  const earlier = placed.filter((replica) => replica.peerId === peerId && replica.raftId !== raftId)
  const gone = new Set([...(same?.left ?? []), ...earlier.map((replica) => replica.raftId)])
  if (same?.address !== undefined && same.address.raftId !== raftId) gone.add(same.address.raftId)
  const left = [...gone].slice(-LEFT_MAX)
  const decreed = record.decree.replicas.some((replica) => replica.raftId === raftId && replica.raftPort === raftPort)
  return {
    ...state,
    ...(decreed && left.length === 0 ? {} : { address: { raftId, host, httpPort, raftPort } }),
    ...(left.length === 0 ? {} : { left }),
  }
}
