import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type RaftStateOnDisk, raftStateOf, readMember } from '../process/raft-state.js'
import { readJsonFile, replicaFiles } from '../process/replica-files.js'

/** A replica's directory as it lies on disk. */
export interface ReplicaDirectory {
  /** The database's internal name. */
  readonly name: string
  readonly state: RaftStateOnDisk
  /** Whose it is; undefined where that was never recorded. */
  readonly member: { readonly clusterId: string; readonly raftId: string } | undefined
}

/** Directories in a data directory that dbcluster made for replicas. Others are nobody's business. */
export const replicaDirectories = async (dataDir: string): Promise<readonly ReplicaDirectory[]> => {
  const entries = await readdir(dataDir, { withFileTypes: true })
  const names = entries.flatMap((entry) => (entry.isDirectory() && entry.name.includes('_') ? [entry.name] : []))
  const found: ReplicaDirectory[] = []
  for (const name of names.sort()) {
    const directory = join(dataDir, name)
    const files = replicaFiles(directory)
    const ours = [files.member, files.process, files.launch]
    if (!(await anyIsJson(ours))) continue
    found.push({ name, state: await raftStateOf(directory), member: await readMember(directory) })
  }
  return found
}

const anyIsJson = async (paths: readonly string[]): Promise<boolean> => {
  for (const path of paths) if ((await readJsonFile(path)) !== undefined) return true
  return false
}
