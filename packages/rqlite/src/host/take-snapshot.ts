import type { Logger } from '@dbcluster/protocol'
import type { RqliteClient } from '../client/rqlite-client.js'

/** A snapshot of a small database takes milliseconds; a stop is not held up for longer than this. */
const SNAPSHOT_LIMIT_MS = 10_000

/** Takes the snapshot before a planned stop. @returns whether everything applied is in a snapshot now */
export const takeSnapshot = async (name: string, client: RqliteClient, logger: Logger): Promise<boolean> => {
  try {
    await client.snapshot({ timeoutMs: SNAPSHOT_LIMIT_MS })
    return true
  } catch (error) {
    logger.warn('No snapshot before a stop: the next start replays the log', { database: name, error: String(error) })
    return false
  }
}
