import { isDbClusterError, type Logger } from '@dbcluster/protocol'
import { purgeQuarantine } from '@dbcluster/rqlite'

/** How often old directories are looked for, where they are not kept for less. */
const LOOK_EVERY_MS = 3_600_000
const LEAST_MS = 60_000

/** What is deleted when, and who is told. */
export interface PurgeInit {
  /** How long directories are kept; 0 for good. */
  readonly retentionMs: number
  readonly logger: Logger
}

/**
 * Deletes directories that were set aside longer ago than the retention: now, and every hour, or as often as a shorter
 * retention asks for.
 * @returns how to end that
 */
export const keepQuarantinePurged = (dataDir: string, init: PurgeInit): (() => void) => {
  const { retentionMs } = init
  if (retentionMs === 0) return () => undefined
  void purge(dataDir, init)
  const timer = setInterval(() => void purge(dataDir, init), Math.min(LOOK_EVERY_MS, Math.max(LEAST_MS, retentionMs)))
  return () => clearInterval(timer)
}

/**
 * Opens the metadata store. Where its disk is full, what has been in quarantine for long enough goes first: a node that
 * ended for want of room could not start otherwise, and so never delete it.
 * @throws what `open` throws
 */
export const openWithRoom = async <T>(open: () => Promise<T>, dataDir: string, init: PurgeInit): Promise<T> => {
  try {
    return await open()
  } catch (error) {
    if (!isDbClusterError(error) || error.code !== 'STORE_WRITE_FAILED' || init.retentionMs === 0) throw error
    await purge(dataDir, init)
    return open()
  }
}

const purge = async (dataDir: string, { retentionMs, logger }: PurgeInit): Promise<void> => {
  try {
    const names = await purgeQuarantine(dataDir, { retentionMs, nowMs: Date.now() })
    for (const name of names) logger.info('A directory in quarantine was deleted', { name })
  } catch (error) {
    logger.warn('Quarantine could not be purged', { error: String(error) })
  }
}
