import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** One process for all its life: a pid alone is given out again. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, comparable only with itself: boot id and clock ticks on Linux, text of `ps` elsewhere. */
  readonly startTime: string
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** When a process started, or undefined when there is none or it is a zombie. */
export const processStartTime = (pid: number): string | undefined => {
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined
  return process.platform === 'linux' ? linuxStartTime(pid) : psStartTime(pid)
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)), which counts from boot; hence the boot id beside it. */
const linuxStartTime = (pid: number): string | undefined => {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The second field is the command in parentheses and may hold anything, spaces and parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, ticks] = [fields[0], fields[19]]
  if (ticks === undefined || state === 'Z' || state === 'X') return undefined
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
  return `${boot}:${ticks}`
}

const psStartTime = (pid: number): string | undefined => {
  try {
    const output = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return output === '' || output.startsWith('Z') ? undefined : output.replace(/^\S+\s+/, '')
  } catch {
    return undefined
  }
}

/** The identity of this process. */
export const currentProcess = (): ProcessIdentity => ({
  pid: process.pid,
  startTime: processStartTime(process.pid) ?? '',
})

/** Whether that very process still runs. */
export const isRunning = ({ pid, startTime }: ProcessIdentity): boolean => processStartTime(pid) === startTime
