import { chmod, mkdir, open, readFile, rename, stat, truncate, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Where a replica keeps what. */
export interface ReplicaFiles {
  /** rqlited's own: SQLite file, Raft log, snapshots. */
  readonly data: string
  /** The running process, for adoption. */
  readonly process: string
  /** Written once this replica was first seen ready as a member. */
  readonly member: string
  /** How this replica stood when it was last stopped by plan; gone as soon as it may run again. */
  readonly stopped: string
  /** Which launch of this replica the directory is of. */
  readonly launch: string
  /** Voters that rqlited takes at its next start instead of those that it knows. */
  readonly peers: string
  /** Which history of its cluster the directory is of: how often that was recovered from one replica alone. */
  readonly history: string
  /** A recovery that was ordered: carried out once `peers` is gone. */
  readonly recover: string
  /** There while a snapshot is under way, and after one that was not seen to succeed. */
  readonly snapshotOpen: string
  /** rqlited's own: its next snapshot holds the whole database, not what changed since the last one. */
  readonly fullNeeded: string
  /** What rqlited's SQLite file will be brought up to by the next checkpoint. */
  readonly wal: string
  readonly log: string
  readonly previousLog: string
}

export const replicaFiles = (directory: string): ReplicaFiles => ({
  data: join(directory, 'rqlite'),
  process: join(directory, 'process.json'),
  member: join(directory, 'member.json'),
  stopped: join(directory, 'stopped.json'),
  launch: join(directory, 'launch.json'),
  peers: join(directory, 'rqlite', 'raft', 'peers.json'),
  history: join(directory, 'history.json'),
  recover: join(directory, 'recover.json'),
  snapshotOpen: join(directory, 'snapshot.open'),
  fullNeeded: join(directory, 'rqlite', 'rsnapshots', 'FULL_NEEDED'),
  wal: join(directory, 'rqlite', 'db.sqlite-wal'),
  log: join(directory, 'rqlited.log'),
  previousLog: join(directory, 'rqlited.log.1'),
})

/** Makes the replica's directories, closed to others; those that were open are closed. */
export const makeReplicaDirectories = async (files: ReplicaFiles): Promise<void> => {
  await mkdir(files.data, { recursive: true, mode: 0o700 })
  await Promise.all([chmod(dirname(files.data), 0o700), chmod(files.data, 0o700)])
}

/** Replaces a JSON file so that a crash leaves the old one or the new one. */
export const writeJsonFile = async (path: string, value: unknown): Promise<void> => {
  const draft = `${path}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(value)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
  await syncDirectory(dirname(path))
}

/** Removes a file for good: it does not come back after a crash. One that isn't there is no error. */
export const removeFile = async (path: string): Promise<void> => {
  try {
    await unlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await syncDirectory(dirname(path))
}

const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** The content of a JSON file; undefined when it is missing or not JSON. */
export const readJsonFile = async (path: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Keeps the last run's log as `rqlited.log.1` and starts anew. */
export const rotateLog = async (files: ReplicaFiles): Promise<void> => {
  await rename(files.log, files.previousLog).catch(() => undefined)
}

/** Empties a log that has outgrown its bound while rqlited writes; it appends, so it goes on at the start. */
export const boundLog = async (files: ReplicaFiles, maxBytes: number): Promise<void> => {
  const size = await stat(files.log).then(
    (found) => found.size,
    () => 0,
  )
  if (size > maxBytes) await truncate(files.log, 0).catch(() => undefined)
}

const TAIL_BYTES = 8 * 1024

/** rqlited's last words: the last lines of its log, of this run or else of the one before. */
export const lastLogLines = async (files: ReplicaFiles, lines: number): Promise<string> => {
  for (const path of [files.log, files.previousLog]) {
    const text = (await tailOf(path)).trim()
    if (text !== '') return text.split('\n').slice(-lines).join('\n')
  }
  return ''
}

const tailOf = async (path: string): Promise<string> => {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const length = Math.min(size, TAIL_BYTES)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
      return buffer.subarray(0, bytesRead).toString('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}
