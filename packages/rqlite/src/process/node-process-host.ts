import { type ChildProcess, spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { listPids, readProcArguments, readProcStat } from './proc-files.js'
import type { ProcessExit, ProcessHost, ProcessIdentity, RunningProcess } from './process-host.js'

export interface NodeProcessHostInit {
  /** How often an adopted process, which is no child, is looked at. @default 200 */
  readonly pollMs?: number
}

/** Processes of this machine. Adoption needs Linux's /proc; elsewhere nothing is found, so nothing is adopted. */
export const createNodeProcessHost = (init: NodeProcessHostInit = {}): ProcessHost => {
  const pollMs = init.pollMs ?? 200

  const find = async (identity: ProcessIdentity, lastArgument: string): Promise<RunningProcess | undefined> => {
    const stat = await readProcStat(identity.pid)
    if (stat === undefined || !stat.alive || stat.startTime !== identity.startTime) return undefined
    return (await readProcArguments(identity.pid)).at(-1) === lastArgument ? watch(identity, pollMs) : undefined
  }

  return {
    async spawn(command) {
      const log = await open(command.logFile, 'a', 0o600)
      try {
        const child = spawn(command.path, [...command.args], {
          env: { ...command.environment },
          stdio: ['ignore', log.fd, log.fd],
          detached: true,
        })
        return await runningChild(child)
      } finally {
        await log.close()
      }
    },
    find,
    async findByLastArgument(lastArgument) {
      const found: RunningProcess[] = []
      for (const pid of await listPids()) {
        if (pid === process.pid || (await readProcArguments(pid)).at(-1) !== lastArgument) continue
        const stat = await readProcStat(pid)
        if (stat?.alive === true) found.push(watch({ pid, startTime: stat.startTime }, pollMs))
      }
      return found
    },
  }
}

const runningChild = async (child: ChildProcess): Promise<RunningProcess> => {
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }))
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  // A failing kill() is reported as an event too; unheard it would end this process.
  child.on('error', () => undefined)
  child.unref()
  const { pid } = child
  if (pid === undefined) throw new Error('the system gave the child no pid')
  const startTime = (await readProcStat(pid))?.startTime ?? `spawned-${Date.now()}`
  return { pid, startTime, exited, signal: (name) => child.kill(name), release: () => undefined }
}

/** Watches a process that is not our child. */
const watch = (identity: ProcessIdentity, pollMs: number): RunningProcess => {
  const { pid, startTime } = identity
  let timer: NodeJS.Timeout | undefined
  const alive = async (): Promise<boolean> => {
    const stat = await readProcStat(pid)
    return stat?.alive === true && stat.startTime === startTime
  }
  let released = false
  const exited = new Promise<ProcessExit>((resolve) => {
    const look = (): void => {
      alive().then(
        (is) => {
          if (released) return
          if (!is) resolve({ code: undefined, signal: undefined })
          else {
            timer = setTimeout(look, pollMs)
            timer.unref()
          }
        },
        () => undefined,
      )
    }
    look()
  })
  return {
    pid,
    startTime,
    exited,
    signal: (name) => {
      try {
        return process.kill(pid, name)
      } catch {
        return false
      }
    },
    release: () => {
      released = true
      clearTimeout(timer)
    },
  }
}
