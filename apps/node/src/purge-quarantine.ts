import type { Logger } from '@dbcluster/protocol'
import { purgeQuarantine } from '@dbcluster/rqlite'

/** How often old directories are looked for: their age is counted in days. */
const LOOK_EVERY_MS = 3_600_000

/** Deletes directories that were set aside longer ago than the retention, now and every hour. @returns how to end that */
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
  const timer = setInterval(purge, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}
