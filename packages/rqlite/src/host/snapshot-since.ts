import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { replicaFiles } from '../process/replica-files.js'

/** Where rqlited keeps snapshots, in 8 and since. */
const SNAPSHOTS = ['rsnapshots', 'wsnapshots']

/** Whether a replica has a snapshot, or a part of one, that was written after this time (Unix, in milliseconds). */
export const snapshotSince = async (directory: string, sinceMs: number): Promise<boolean> => {
  const { data, fullNeeded } = replicaFiles(directory)
  for (const kind of SNAPSHOTS) {
    const path = join(data, kind)
    const names = await readdir(path, { recursive: true }).catch((): string[] => [])
    for (const name of names) {
      if (name === basename(fullNeeded)) continue // a wish for one
      const found = await stat(join(path, name)).catch(() => undefined)
      if (found !== undefined && found.mtimeMs > sinceMs) return true
    }
  }
  return false
}
