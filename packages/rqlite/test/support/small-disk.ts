import { execFile } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A file system of its own in memory. */
export interface SmallDisk {
  readonly path: string
  /** Somebody else's file takes all the room but so much. */
  fill(leaveBytes?: number): Promise<void>
  /** That file is gone. */
  free(): Promise<void>
  dispose(): Promise<void>
}

const CHUNK = Buffer.alloc(64 * 1024)

/** Mounts it; undefined where the machine allows no mounts. */
export const mountSmallDisk = async (bytes: number): Promise<SmallDisk | undefined> => {
  const path = await mkdtemp(join(tmpdir(), 'dbcluster-small-'))
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'none', path]).then(
    () => true,
    () => false,
  )
  if (mounted) return smallDisk(path)
  await rm(path, { recursive: true })
  return undefined
}

const smallDisk = (path: string): SmallDisk => {
  const filler = join(path, 'filler')
  return {
    path,
    fill: async (leaveBytes = 0) => {
      const file = await open(filler, 'w')
      try {
        for (;;) await file.write(CHUNK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        await file.truncate((await file.stat()).size - leaveBytes)
      } finally {
        await file.close()
      }
    },
    free: () => rm(filler, { force: true }),
    dispose: async () => {
      // Also while something is open there: it goes with the last one.
      await run('umount', ['--lazy', path])
      await rm(path, { recursive: true })
    },
  }
}
