import type { StopRecord } from '@dbcluster/protocol'
import type { RaftView } from '../client/types.js'
import { readJsonFile, removeFile, replicaFiles, writeJsonFile } from '../process/replica-files.js'

/** The record that a replica in this state may leave, if it may leave one. */
export const stopRecordOf = (
  about: { readonly clusterId: string; readonly run: number },
  view: RaftView,
): StopRecord | undefined => {
  const { lastLogIndex, lastLogTerm, commitIndex, appliedIndex, voters } = view
  if (lastLogIndex === 0 || lastLogIndex !== commitIndex || lastLogIndex !== appliedIndex) return undefined
  if (!voters.some((voter) => voter.id === view.raftId)) return undefined
  const sorted = [...voters].sort((a, b) => (a.id < b.id ? -1 : 1))
  return {
    ...about,
    lastIndex: lastLogIndex,
    lastTerm: lastLogTerm,
    voters: sorted.map(({ id, address }) => ({ id, address })),
  }
}

/** Writes the record; on disk when this resolves. The process must be gone. */
export const writeStopRecord = (directory: string, record: StopRecord): Promise<void> =>
  writeJsonFile(replicaFiles(directory).stopped, record)

/** Removes the record, on disk when this resolves: from then on the replica may run. */
export const removeStopRecord = (directory: string): Promise<void> => removeFile(replicaFiles(directory).stopped)

/** Undefined when there is none, or what is there isn't one. */
export const readStopRecord = async (directory: string): Promise<StopRecord | undefined> => {
  const value = await readJsonFile(replicaFiles(directory).stopped)
  return isStopRecord(value) ? value : undefined
}

const isStopRecord = (value: unknown): value is StopRecord => {
  if (typeof value !== 'object' || value === null) return false
  const { clusterId, run, lastIndex, lastTerm, voters } = value as Partial<StopRecord>
  const numbers = [run, lastIndex, lastTerm].every((number) => Number.isSafeInteger(number))
  return typeof clusterId === 'string' && numbers && Array.isArray(voters) && voters.every(isVoter)
}

const isVoter = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const { id, address } = value as { id?: unknown; address?: unknown }
  return typeof id === 'string' && typeof address === 'string'
}
