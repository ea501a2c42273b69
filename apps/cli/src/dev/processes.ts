import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, renameSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { isRunning, type ProcessIdentity, processStartTime } from '@dbcluster/runtime'

/** A process of the cluster that this one has started. */
export interface Child extends ProcessIdentity {
  /** `node1`, `gateway` */
  readonly name: string
  readonly logFile: string
  /** Resolves when it ends, to how: `exit code 1`, `SIGKILL`. Never rejects. */
  readonly ended: Promise<string>
}

/** What {@link startChild} starts. */
export interface ChildInit {
  readonly name: string
  /** The script and its arguments. */
  readonly args: readonly string[]
  readonly directory: string
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
}

/** How often a process that is being ended is looked at. */
const POLL_MS = 25

/** How long a process may take to be gone after SIGKILL; it can't refuse, but a disk may hold it. */
const KILL_TIMEOUT_MS = 5_000

/**
 * Starts a Node.js script in a session of its own: Ctrl-C reaches this process alone, which then ends the others in
 * order. Output is appended to a file.
 * @throws when the system refuses
 */
export const startChild = async ({ name, args, directory, env, logFile }: ChildInit): Promise<Child> => {
  // The last run's log stays readable beside it.
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(process.execPath, [...args], { cwd: directory, env, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  await once(child, 'spawn')
  // A failing kill() is reported as an event too; unheard it would end this process.
  child.on('error', () => undefined)
  const { pid = 0 } = child
  return { name, logFile, pid, startTime: processStartTime(pid) ?? '', ended }
}

const signal = (identity: ProcessIdentity, name: NodeJS.Signals): void => {
  try {
    if (isRunning(identity)) process.kill(identity.pid, name)
  } catch {
    // It ended meanwhile.
  }
}

const waitGone = async (identity: ProcessIdentity, timeoutMs: number): Promise<boolean> => {
  for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs; await setTimeout(POLL_MS))
    if (!isRunning(identity)) return true
  return !isRunning(identity)
}

/** Ends a process, ours or not: SIGTERM, and SIGKILL when it isn't gone after `graceMs` (0 = at once). */
export const endProcess = async (identity: ProcessIdentity, graceMs: number): Promise<void> => {
  if (graceMs > 0) {
    signal(identity, 'SIGTERM')
    if (await waitGone(identity, graceMs)) return
  }
  signal(identity, 'SIGKILL')
  await waitGone(identity, KILL_TIMEOUT_MS)
}

/** Bytes at the end of a log that its last lines are looked for in. */
const TAIL_BYTES = 16 * 1024

/** The last lines of a log. */
export const lastLines = async (file: string, count: number): Promise<readonly string[]> => {
  try {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      const length = Math.min(size, TAIL_BYTES)
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
      return buffer.toString('utf8').trimEnd().split('\n').slice(-count)
    } finally {
      await handle.close()
    }
  } catch {
    return []
  }
}
