import { access, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RecoveryPeer, ReplicaStart } from '../arguments/replica-spec.js'
import { readJsonFile, removeFile, replicaFiles, writeJsonFile } from '../process/replica-files.js'
import { isOfMember } from './start-of.js'

/** What a start asks of the history that a directory belongs to. */
export interface HistoryRequest {
  readonly start: ReplicaStart
  /** The recovery that a newcomer comes into, or that this start is to make. */
  readonly recovery: number
  /** Ends whatever may run on the directory. */
  readonly stopStrays: () => Promise<void>
}

/**
 * Makes a directory ready for a start. A newcomer's becomes one of the history it comes into. A member's is of the one it
 * has been of: that an operator ordered a recovery says nothing, for rqlited may have failed, or its node stopped, before
 * it read `peers.json`; and under a new name without a new configuration it would be a stranger to everybody.
 * @returns the recovery that its rqlited is to be of
 */
export const prepareHistory = async (directory: string, request: HistoryRequest): Promise<number> => {
  const { start, recovery, stopStrays } = request
  if ((await orderedAt(directory)) !== undefined) await stopStrays()
  const own = await settleHistory(directory)
  if (start.kind !== 'recover') {
    // A recovery that was prepared and never begun must not happen at some later start.
    await removeFile(replicaFiles(directory).peers)
    if (isOfMember(start) || recovery === own) return own
    await writeHistory(directory, recovery)
    return recovery
  }
  const next = Math.max(own, recovery)
  // In this order: with an order, and without the file, it counts as carried out.
  await writeRecoveryPeers(directory, start.peers)
  if (next > own) await writeJsonFile(replicaFiles(directory).recover, { recovery: next })
  return next
}

/**
 * Notes a recovery that was ordered: rqlited renames `peers.json` once its own state is that of the new history. To be
 * called while no rqlited can be about to do so, or after it has answered.
 * @returns the recovery that the directory is of
 */
export const settleHistory = async (directory: string): Promise<number> => {
  const { recover, peers } = replicaFiles(directory)
  const ordered = await orderedAt(directory)
  if (ordered === undefined) return historyAt(directory)
  const isWaiting = await access(peers).then(
    () => true,
    () => false,
  )
  if (!isWaiting) await writeHistory(directory, ordered)
  await removeFile(recover)
  return isWaiting ? historyAt(directory) : ordered
}

/**
 * Makes rqlited take these voters at its next start instead of those in its log
 * (https://rqlite.io/docs/clustering/general-guidelines/#recovering-a-cluster-that-has-permanently-lost-quorum).
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

const writeHistory = (directory: string, recovery: number): Promise<void> =>
  writeJsonFile(replicaFiles(directory).history, { recovery })

const historyAt = async (directory: string): Promise<number> =>
  recoveryIn(await readJsonFile(replicaFiles(directory).history)) ?? 0

const orderedAt = async (directory: string): Promise<number | undefined> =>
  recoveryIn(await readJsonFile(replicaFiles(directory).recover))

const recoveryIn = (value: unknown): number | undefined => {
  const { recovery } = (typeof value === 'object' && value !== null ? value : {}) as { readonly recovery?: unknown }
  return Number.isSafeInteger(recovery) ? (recovery as number) : undefined
}
