import { rm, stat, writeFile } from 'node:fs/promises'
import type { RqliteCapabilities } from '../binary/capabilities.js'
import type { RqliteClient } from '../client/rqlite-client.js'
import { replicaFiles } from '../process/replica-files.js'

/** A snapshot of a small database takes milliseconds; whoever asks is not held up for longer than this. */
const SNAPSHOT_LIMIT_MS = 10_000

/** A running replica as far as a snapshot of it needs it. */
export interface SnapshotOf {
  readonly directory: string
  readonly client: RqliteClient
  readonly capabilities: Pick<RqliteCapabilities, 'failedSnapshotLeavesHole'>
}

/**
 * Takes a snapshot. After one that was not seen to succeed the next one holds the whole database, where one with only the
 * changes would have a hole. That it may is on disk before rqlited is asked, for whoever finds the process running later.
 * @throws Error when rqlited took none, or nobody could make sure that it would be sound
 */
export const takeSnapshot = async ({ directory, client, capabilities }: SnapshotOf): Promise<void> => {
  const { snapshotOpen, fullNeeded } = replicaFiles(directory)
  const guards = capabilities.failedSnapshotLeavesHole
  if (guards && (await exists(snapshotOpen))) await writeFile(fullNeeded, '', { mode: 0o600 })
  else if (guards) await writeFile(snapshotOpen, '', { mode: 0o600 })
  await client.snapshot({ timeoutMs: SNAPSHOT_LIMIT_MS })
  if (guards) await rm(snapshotOpen, { force: true })
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
