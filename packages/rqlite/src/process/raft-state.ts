import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { DbClusterError } from '@dbcluster/protocol'
import type { ReplicaSpec } from '../arguments/replica-spec.js'
import { readJsonFile, replicaFiles, writeJsonFile } from './replica-files.js'

/**
 * What is on disk of a replica's membership.
 * - `absent`: no Raft state.
 * - `unfinished`: Raft state, but it was never seen ready: its start may not have got as far as a membership.
 * - `member`: Raft state of a member.
 */
export type RaftStateOnDisk = 'absent' | 'unfinished' | 'member'

/** Looks at a replica's directory, the one of {@link ReplicaSpec}. */
export const raftStateOf = async (directory: string): Promise<RaftStateOnDisk> => {
  const files = replicaFiles(directory)
  // rqlite itself takes a node without this file for a new one (store.IsNewNode).
  const present = await access(join(files.data, 'raft.db')).then(
    () => true,
    () => false,
  )
  if (!present) return 'absent'
  return (await readMember(directory)) === undefined ? 'unfinished' : 'member'
}

/** Whether there is any Raft state in a replica's directory. */
export const hasRaftState = async (directory: string): Promise<boolean> => (await raftStateOf(directory)) !== 'absent'

/**
 * Refuses a start that could found a second cluster of one name or join a member anew. An unfinished bootstrap or join
 * may be tried again as what it was: rqlited bootstraps only without a configuration, and takes a repeated join of the
 * same id and address for done.
 * @throws DbClusterError `RQLITED_REFUSED`
 */
export const checkStart = async (spec: ReplicaSpec, triedKind: string | undefined): Promise<void> => {
  const state = await raftStateOf(spec.directory)
  const { kind } = spec.start
  const refuse = (why: string, hint: string): never => {
    throw new DbClusterError('RQLITED_REFUSED', `${spec.database}: ${kind} refused: ${why} in ${spec.directory}`, {
      hint,
      details: { kind, state, directory: spec.directory },
    })
  }
  if (kind === 'restart' || kind === 'rejoin' || kind === 'recover') {
    if (state === 'absent') refuse('there is no Raft state, so rqlited would found a new cluster', 'join it instead')
    if (state === 'unfinished') refuse('the Raft state never became a member', 'repeat its bootstrap or join')
    const member = await readMember(spec.directory)
    if (member?.clusterId !== spec.clusterId || member.raftId !== spec.raftId) {
      refuse(`there is another member, ${member?.raftId} of ${member?.clusterId},`, 'compare the record with the disk')
    }
    return
  }
  if (state === 'member') refuse('there is Raft state of a member', 'restart it instead')
  const continues = triedKind === kind || (triedKind === 'warm' && kind === 'join')
  if (state === 'unfinished' && !continues) {
    refuse(`there is Raft state of an unfinished ${triedKind ?? 'start'}`, `repeat that, or move the directory away`)
  }
}

/** Records that this replica is a member; from then on it may only restart. */
export const recordMembership = async ({ directory, clusterId, raftId }: ReplicaSpec): Promise<void> => {
  const present = await readMember(directory)
  if (present?.clusterId === clusterId && present.raftId === raftId) return
  await writeJsonFile(replicaFiles(directory).member, { clusterId, raftId })
}

/** Which member a directory holds, as far as it was recorded. */
export const readMember = async (
  directory: string,
): Promise<{ readonly clusterId: string; readonly raftId: string } | undefined> => {
  const value = await readJsonFile(replicaFiles(directory).member)
  if (typeof value !== 'object' || value === null) return undefined
  const { clusterId, raftId } = value as { clusterId?: unknown; raftId?: unknown }
  return typeof clusterId === 'string' && typeof raftId === 'string' ? { clusterId, raftId } : undefined
}
