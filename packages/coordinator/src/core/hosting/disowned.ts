import type { DatabaseRecord } from '@dbcluster/protocol'
import type { LocalReplica } from '../events.js'

/**
 * Why causally newer metadata says that a replica here is no more (design invariant I5); undefined when it does not.
 * A placement is a copy of Raft's committed configuration, and a Raft id is never used twice: one that was a voter, and
 * is none in a later placement, will never be one again. Of a newcomer that no placement has held yet the record says
 * nothing: it may join in this very moment.
 */
export const disownedBy = (record: DatabaseRecord, replica: LocalReplica): string | undefined => {
  const { decree, deleted, placement } = record
  if (decree.generation < replica.generation) return undefined
  if (deleted) return 'deleted'
  if (decree.clusterId !== replica.clusterId) return 'another cluster of this name was chosen'
  if (placement === undefined || replica.role !== undefined) return undefined
  if (placement.replicas.some(({ raftId }) => raftId === replica.assignment.raftId)) return undefined
  return 'it is no member of its cluster any more'
}
