import { spawn } from 'node:child_process'
import { REAPER_PROGRAM } from '../repository.js'

/** Stands by until this process ends, in whatever way. */
export interface Reaper {
  /** Cleans up now, and resolves when nothing is left. */
  reap(): Promise<void>
}

/**
 * Makes sure that nothing which names `directory` in its command line outlives this process, nor the directory itself:
 * a process of its own watches a pipe that the system closes when we end, by SIGKILL too.
 */
export const startReaper = (directory: string): Reaper => {
  const child = spawn(process.execPath, [REAPER_PROGRAM, directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C reaches the whole group; the reaper must be the one who stays.
    detached: true,
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  child.unref()
  const input = child.stdin as typeof child.stdin & { unref?: () => void }
  input.on('error', () => undefined)
  input.unref?.()
  return {
    reap: () => {
      child.ref()
      input.end()
      return exited
    },
  }
}
