import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DbClusterError } from '@dbcluster/protocol'
import { createFileExclusive } from '../files/atomic-file.js'
import { currentProcess, isRunning, type ProcessIdentity } from './process-identity.js'

/** Name of the lock's file in the data directory. */
export const LOCK_FILE = 'process.lock'

/** Tries to take over a dead owner's lock while others try the same. */
const ATTEMPTS_MAX = 5

/** Far longer than the two system calls between moving a lock aside and putting it back. */
const SETTLE_MS = 50

/** A data directory that belongs to this process until it is released. */
export interface DataDirectoryLock {
  /** Gives it up; once is enough, more does nothing. */
  release(): Promise<void>
}

/**
 * Takes a data directory for this process alone; makes it (0700) where it isn't there. The lock's file names pid and
 * start time, so that one left by a process that was killed holds nobody up.
 * @throws DbClusterError `DATA_DIR_LOCKED` with the owner's pid when another process holds it
 */
export const lockDataDirectory = async (directory: string): Promise<DataDirectoryLock> => {
  const file = join(directory, LOCK_FILE)
  const own = `${JSON.stringify({ ...currentProcess(), token: randomBytes(8).toString('hex') })}\n`
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (await createFileExclusive(file, own)) {
      // Another that judged the same stale lock may just have moved this one aside; it puts it back, or finds a third.
      if (attempt > 1) await setTimeout(SETTLE_MS)
      if ((await readText(file)) === own) return { release: () => release(file, own) }
      continue
    }
    const held = await readText(file)
    if (held === undefined) continue
    const owner = parseOwner(held)
    if (owner !== undefined && isRunning(owner)) throw locked(directory, owner)
    await removeStale(file, held)
  }
  throw locked(directory, undefined)
}

const release = async (file: string, own: string): Promise<void> => {
  if ((await readText(file)) === own) await rm(file, { force: true })
}

/**
 * Removes a lock that was seen to be stale. Between the look and now another process may have put its own there: what
 * is moved away is looked at again, and put back when it isn't what was judged.
 */
const removeStale = async (file: string, judged: string): Promise<void> => {
  const aside = `${file}.${randomBytes(6).toString('hex')}.stale`
  try {
    await rename(file, aside)
  } catch {
    return
  }
  if ((await readText(aside)) !== judged) await link(aside, file).catch(() => undefined)
  await rm(aside, { force: true })
}

const readText = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const parseOwner = (text: string): ProcessIdentity | undefined => {
  try {
    const { pid, startTime } = JSON.parse(text) as Partial<ProcessIdentity>
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : undefined
  } catch {
    return undefined
  }
}

const locked = (directory: string, owner: ProcessIdentity | undefined): DbClusterError => {
  const who = owner === undefined ? 'other processes that start at the same time' : `the process with pid ${owner.pid}`
  return new DbClusterError('DATA_DIR_LOCKED', `the data directory ${directory} is in use by ${who}`, {
    hint: 'stop that process first, or give this node another node.data_dir',
    details: { directory, ...(owner === undefined ? {} : { pid: owner.pid }) },
  })
}
