import type { StopRecord } from '@dbcluster/protocol'
import type { RaftSight } from './machine.js'

/** The record that a replica in this state may leave. */
export const stopRecordOf = (clusterId: string, run: number, sight: RaftSight): StopRecord | undefined => {
  const { lastIndex, lastTerm, commitIndex, voters, raftId } = sight
  if (lastIndex === 0 || lastIndex !== commitIndex || !voters.some(({ id }) => id === raftId)) return undefined
  return { clusterId, run, lastIndex, lastTerm, voters: [...voters].sort((a, b) => (a.id < b.id ? -1 : 1)) }
}
