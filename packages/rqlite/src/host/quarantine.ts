import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Where directories of replicas that ended are kept until they are purged. No database can have this name. */
const QUARANTINE = 'quarantine'

/**
 * Moves a replica's directory out of the way; nothing is deleted.
 * @returns where it went, or undefined when there was none
 */
export const setAside = async (dataDir: string, name: string): Promise<string | undefined> => {
  const quarantine = join(dataDir, QUARANTINE)
  await mkdir(quarantine, { recursive: true, mode: 0o700 })
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const kept = join(quarantine, `${name}.${stamp}.${randomBytes(3).toString('hex')}`)
  try {
    await rename(join(dataDir, name), kept)
    return kept
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The time in a quarantined directory's name, by the clock of when it was set aside. */
const STAMP = /\.(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})-(\d{3})Z\.[0-9a-f]{6}$/

/**
 * Deletes what was set aside longer ago than this. Entries whose names don't say when are not ours, and are kept.
 * @returns the names of what was deleted
 */
export const purgeQuarantine = async (
  dataDir: string,
  { retentionMs, nowMs }: { readonly retentionMs: number; readonly nowMs: number },
): Promise<readonly string[]> => {
  const quarantine = join(dataDir, QUARANTINE)
  const entries = await readdir(quarantine).catch(() => [])
  const purged: string[] = []
  for (const entry of entries) {
    const [, day, hours, minutes, seconds, millis] = STAMP.exec(entry) ?? []
    if (day === undefined) continue
    const setAsideMs = Date.parse(`${day}T${hours}:${minutes}:${seconds}.${millis}Z`)
    if (nowMs - setAsideMs < retentionMs) continue
    await rm(join(quarantine, entry), { recursive: true, force: true })
    purged.push(entry)
  }
  return purged
}
