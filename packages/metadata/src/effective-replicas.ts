import type { DatabaseRecord, ReplicaAssignment } from '@dbcluster/protocol'

/** Where a database's replicas are: as Raft's membership has it, or as decreed while that never changed. */
export const effectiveReplicas = (record: DatabaseRecord): readonly ReplicaAssignment[] =>
  record.placement?.replicas ?? record.decree.replicas
