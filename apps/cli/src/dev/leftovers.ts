import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNodeProcessHost, type ProcessIdentity as RqlitedIdentity } from '@dbcluster/rqlite'
import { isRunning, LOCK_FILE, type ProcessIdentity } from '@dbcluster/runtime'
import { endProcess } from './processes.js'

/** How long an rqlited whose node is gone gets after SIGTERM; it needs milliseconds. */
const RQLITED_GRACE_MS = 3_000

const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** The process that holds a data directory now, whoever has started it. */
export const ownerOf = async (dataDir: string): Promise<ProcessIdentity | undefined> => {
  const { pid, startTime } = ((await readJson(join(dataDir, LOCK_FILE))) ?? {}) as Partial<ProcessIdentity>
  if (typeof pid !== 'number' || typeof startTime !== 'string') return undefined
  return isRunning({ pid, startTime }) ? { pid, startTime } : undefined
}

/** Directories of databases below a node's data directory that may have an rqlited. */
const replicaDirectories = async (dataDir: string): Promise<readonly string[]> => {
  const entries = await readdir(dataDir, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dataDir, name))
}

/**
 * Ends the rqlited processes of a data directory whose node is gone: a node that was killed leaves them running. Each
 * is known by the record beside its data, and by the data directory it was started with. Gives how many there were.
 */
export const endRqliteds = async (dataDir: string, graceMs = RQLITED_GRACE_MS): Promise<number> => {
  const host = createNodeProcessHost()
  const ended = await Promise.all(
    (await replicaDirectories(dataDir)).map(async (directory) => {
      const record = (await readJson(join(directory, 'process.json'))) as
        | { process?: RqlitedIdentity | null }
        | undefined
      if (record === undefined) return 0
      const data = join(directory, 'rqlite')
      // Without a process the record was written just before a start; then only the argument tells.
      const known = record.process == null ? undefined : await host.find(record.process, data)
      const running = known === undefined ? await host.findByLastArgument(data) : [known]
      for (const rqlited of running) {
        rqlited.signal(graceMs > 0 ? 'SIGTERM' : 'SIGKILL')
        const timer = setTimeout(() => rqlited.signal('SIGKILL'), graceMs)
        await rqlited.exited
        clearTimeout(timer)
      }
      return running.length
    }),
  )
  return ended.reduce((sum, count) => sum + count, 0)
}

/** Ends whatever still runs in a data directory: its node first, which stops its rqliteds, then what that has left. */
export const endDataDirectory = async (dataDir: string, nodeGraceMs: number): Promise<number> => {
  const owner = await ownerOf(dataDir)
  if (owner !== undefined) await endProcess(owner, nodeGraceMs)
  return (owner === undefined ? 0 : 1) + (await endRqliteds(dataDir, nodeGraceMs > 0 ? RQLITED_GRACE_MS : 0))
}
