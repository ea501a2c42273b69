import { rm, stat, writeFile } from 'node:fs/promises'
import type { RqliteCapabilities } from '../binary/capabilities.js'
import type { RqliteClient } from '../client/rqlite-client.js'
import { replicaFiles } from '../process/replica-files.js'

/** A snapshot of a small database takes milliseconds; whoever asks is not held up for longer than this. */
const SNAPSHOT_LIMIT_MS = 10_000

/**
 * Entries that stay behind a snapshot, for members that were away for a moment: rqlited's own default. One that is told to
 * take no snapshots by itself keeps all there ever were, since it derives this from the number that says so.
 */
const TRAILING_ENTRIES = 10_240

/** A running replica as far as a snapshot of it needs it. */
export interface SnapshotOf {
  readonly directory: string
  readonly client: RqliteClient
  readonly capabilities: Pick<RqliteCapabilities, 'failedSnapshotLeavesHole'>
  /** Entries of the log that stay. @default 10_240 */
  readonly trailingEntries?: number
}

/**
 * Takes a snapshot. After one that was not seen to succeed the next one holds the whole database, where one with only the
 * changes would have a hole. That it may is on disk before rqlited is asked, for whoever finds the process running later.
 * @throws Error when rqlited took none, or nobody could make sure that it would be sound
 */
export const takeSnapshot = async (of: SnapshotOf): Promise<void> => {
  const { directory, client, capabilities, trailingEntries = TRAILING_ENTRIES } = of
  const { snapshotOpen, fullNeeded } = replicaFiles(directory)
  const guards = capabilities.failedSnapshotLeavesHole
  if (guards && (await exists(snapshotOpen))) await writeFile(fullNeeded, '', { mode: 0o600 })
  else if (guards) await writeFile(snapshotOpen, '', { mode: 0o600 })
  await client.snapshot({ timeoutMs: SNAPSHOT_LIMIT_MS, trailingEntries })
  if (guards) await rm(snapshotOpen, { force: true })
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
