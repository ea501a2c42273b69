import { randomBytes } from 'node:crypto'
import { mkdir, rename } from 'node:fs/promises'
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
