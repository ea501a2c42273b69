import type { DatabaseRecord, ReplicaAssignment } from '@dbcluster/protocol'

/** A replica that a record places on a node which has none. */
export interface PlacedHere {
  readonly assignment: ReplicaAssignment
  /** Its cluster has all its voters: what is to be here was here before, and is lost. */
  readonly gathered: boolean
}

/** What a record places on this node, which hosts nothing of that name; undefined where that is nothing, or was dealt with. */
export const placedHere = (peerId: string, record: DatabaseRecord): PlacedHere | undefined => {
  const { decree, established, deleted, placement, replicas } = record
  const assignment = (placement?.replicas ?? decree.replicas).find((replica) => replica.peerId === peerId)
  if (deleted || assignment === undefined) return undefined
  const own = replicas[peerId]?.value
  const told = own?.clusterId === decree.clusterId && (own.address?.raftId ?? assignment.raftId) === assignment.raftId
  if (told && (!established || own?.status === 'lost')) return undefined // started and lost, or refused, before
  return { assignment, gathered: established }
}
