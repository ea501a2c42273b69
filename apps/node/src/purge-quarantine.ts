import type { Logger } from '@dbcluster/protocol'
import { purgeQuarantine } from '@dbcluster/rqlite'

/** How often old directories are looked for, where they are not kept for less. */
const LOOK_EVERY_MS = 3_600_000
const LEAST_MS = 60_000

/**
 * Deletes directories that were set aside longer ago than the retention: now, and every hour, or as often as a shorter
 * retention asks for.
 * @returns how to end that
 */
export const keepQuarantinePurged = (
  dataDir: string,
  { retentionMs, logger }: { readonly retentionMs: number; readonly logger: Logger },
): (() => void) => {
  if (retentionMs === 0) return () => undefined
  const purge = (): void =>
    void purgeQuarantine(dataDir, { retentionMs, nowMs: Date.now() }).then(
      (names) => {
        for (const name of names) logger.info('A directory in quarantine was deleted', { name })
      },
      (error: unknown) => logger.warn('Quarantine could not be purged', { error: String(error) }),
    )
  purge()
  const timer = setInterval(purge, Math.min(LOOK_EVERY_MS, Math.max(LEAST_MS, retentionMs)))
  return () => clearInterval(timer)
}
