import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DbClusterError } from '@dbcluster/protocol'
import { ClassicLevel } from 'classic-level'
import type { KeyValueStore } from './key-value-store.js'
import { initializeLevel, type Level, LevelStore, reasonOf } from './level-store.js'

/** Where LevelDB lives inside a store's directory; there as soon as the store is complete, and not before. */
const LEVEL = 'level'
/** Where a new one is built. */
const BUILDING = 'level.new'

const levelAt = (path: string, createIfMissing: boolean): Level =>
  new ClassicLevel(path, { createIfMissing, keyEncoding: 'utf8', valueEncoding: 'view' })

/**
 * Opens the store of a directory, and makes one with a new incarnation where there has never been any. A store that
 * was there and cannot be read in full is an error, never an empty store.
 * @throws DbClusterError `STORE_CORRUPT` naming the directory; `STORE_WRITE_FAILED` when its disk is full, which opening
 * writes to; `DATA_DIR_LOCKED` when another process has it open
 */
export const openStore = async (directory: string): Promise<KeyValueStore> => {
  const path = join(resolve(directory), LEVEL)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (!(await exists(path))) await buildStore(resolve(directory))
  const level = levelAt(path, false)
  try {
    await level.open()
    return await LevelStore.read(level)
  } catch (error) {
    await level.close()
    throw describeFailure(path, error)
  }
}

/** Builds aside and moves into place: a crash half-way leaves no store, instead of one without an incarnation. */
const buildStore = async (directory: string): Promise<void> => {
  const building = join(directory, BUILDING)
  await rm(building, { recursive: true, force: true })
  const level = levelAt(building, true)
  await level.open()
  await initializeLevel(level, randomBytes(8).toString('hex'))
  await level.close()
  await rename(building, join(directory, LEVEL))
  await syncDirectory(directory)
  await syncDirectory(dirname(directory))
}

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw describeFailure(path, error)
    },
  )

const describeFailure = (path: string, error: unknown): DbClusterError => {
  const locked = error instanceof Error && (error.cause as { code?: unknown } | undefined)?.code === 'LEVEL_LOCKED'
  if (locked) {
    return new DbClusterError('DATA_DIR_LOCKED', `the metadata store ${path} is open in another process`, {
      hint: 'stop the other node that uses this data directory, or give this one its own',
      cause: error,
    })
  }
  if (/no space left|ENOSPC/i.test(reasonOf(error))) {
    return new DbClusterError(
      'STORE_WRITE_FAILED',
      `the disk of the metadata store ${path} is full: ${reasonOf(error)}`,
      {
        hint: 'nothing is lost: make room there, and start again',
        details: { directory: path },
        cause: error,
      },
    )
  }
  return new DbClusterError('STORE_CORRUPT', `the metadata store ${path} cannot be read: ${reasonOf(error)}`, {
    hint:
      `check the disk and the directory's permissions first; if the store is lost, move ${path} aside (keep it) and ` +
      'start again: the node comes back with a new incarnation, is admitted anew and learns its metadata from its peers',
    details: { directory: path },
    cause: error,
  })
}
