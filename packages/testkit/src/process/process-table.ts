import { readdirSync, readFileSync } from 'node:fs'

/** One process for all its life: a pid alone is given out again. */
export interface ProcessRef {
  readonly pid: number
  /** Clock ticks from boot to its start, as /proc/PID/stat has them (proc_pid_stat(5)). */
  readonly startTime: string
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** When a process started; undefined when there is none, or only its zombie. */
export const startTimeOf = (pid: number): string | undefined => {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  return startTime === undefined || state === 'Z' || state === 'X' ? undefined : startTime
}

/** Whether that very process still runs. */
export const isAlive = ({ pid, startTime }: ProcessRef): boolean => startTimeOf(pid) === startTime

/** Sends a signal to that very process; false when it is gone. */
export const signalProcess = (ref: ProcessRef, signal: NodeJS.Signals): boolean => {
  if (!isAlive(ref)) return false
  try {
    return process.kill(ref.pid, signal)
  } catch {
    return false
  }
}

/** Living processes of this machine with an argument that lies in `directory`; none where there is no /proc. */
export const processesIn = (directory: string): readonly ProcessRef[] => {
  const named = (pid: number): boolean =>
    read(`/proc/${pid}/cmdline`)
      .split('\0')
      .some((argument) => argument.startsWith(`${directory}/`))
  return listPids()
    .filter(named)
    .flatMap((pid) => {
      const startTime = startTimeOf(pid)
      return startTime === undefined ? [] : [{ pid, startTime }]
    })
}

const listPids = (): readonly number[] => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}
