import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RecoveryPeer } from '../arguments/replica-spec.js'
import { removeFile, replicaFiles, writeJsonFile } from '../process/replica-files.js'

/**
 * Makes rqlited take these voters at its next start instead of those in its log
 * (https://rqlite.io/docs/clustering/general-guidelines/#recovering-a-cluster-that-has-permanently-lost-quorum). It
 * renames the file once it has read it.
 */
export const writeRecoveryPeers = async (directory: string, peers: readonly RecoveryPeer[]): Promise<void> => {
  const { peers: path } = replicaFiles(directory)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const sorted = [...peers].sort((a, b) => (a.id < b.id ? -1 : 1))
  await writeJsonFile(
    path,
    sorted.map(({ id, address }) => ({ id, address, non_voter: false })),
  )
}

/** A recovery that was prepared and never begun must not happen at some later start. */
export const removeRecoveryPeers = (directory: string): Promise<void> => removeFile(replicaFiles(directory).peers)
