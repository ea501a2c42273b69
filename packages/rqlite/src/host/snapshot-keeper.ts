import { stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { RqliteClient } from '../client/rqlite-client.js'
import { replicaFiles } from '../process/replica-files.js'

/** When a replica that runs is due for a snapshot; rqlited's own defaults. */
export interface SnapshotPolicy {
  /** How often that is looked at. @default 10_000 */
  readonly lookMs: number
  /** The WAL holds so much. @default 4 MiB */
  readonly walBytes: number
  /** The log has grown by so many entries since the last one, whether or not they changed anything. @default 8_192 */
  readonly entries: number
}

export const DEFAULT_SNAPSHOT_POLICY: SnapshotPolicy = { lookMs: 10_000, walBytes: 4 * 1024 * 1024, entries: 8_192 }

/** A status costs rqlited more than a file's size costs us. */
const LOOKS_PER_STATUS = 6
/** What hinders one snapshot, such as a long read, may hinder the next: the pause doubles, up to this many looks. */
const MOST_LOOKS_SKIPPED = 32

export interface SnapshotKeeperInit extends SnapshotPolicy {
  readonly directory: string
  readonly client: RqliteClient
  /** Takes one. @returns whether that succeeded */
  readonly take: () => Promise<boolean>
  readonly signal: AbortSignal
}

/** Has snapshots taken of a running replica, so that its log and WAL stay short, until the signal is aborted. */
export const keepSnapshots = async (init: SnapshotKeeperInit): Promise<void> => {
  const { lookMs, signal, take } = init
  let skip = 0
  let failures = 0
  for (let look = 1; ; look += 1) {
    try {
      // Not all replicas of a node at the same moment.
      await pause(lookMs * (0.8 + 0.4 * Math.random()), undefined, { signal, ref: false })
    } catch {
      return
    }
    skip -= 1
    if (skip > 0 || !(await isDue(init, look % LOOKS_PER_STATUS === 0))) continue
    failures = (await take()) ? 0 : failures + 1
    skip = failures === 0 ? 0 : Math.min(2 ** failures, MOST_LOOKS_SKIPPED)
  }
}

const isDue = async (
  { directory, client, walBytes, entries }: SnapshotKeeperInit,
  askIt: boolean,
): Promise<boolean> => {
  const held = await stat(replicaFiles(directory).wal).then(
    ({ size }) => size,
    () => 0,
  )
  if (held >= walBytes) return true
  if (!askIt) return false
  try {
    const { lastLogIndex, snapshotIndex } = await client.status()
    return lastLogIndex - snapshotIndex >= entries
  } catch {
    return false // not up, or busy: the next look
  }
}
