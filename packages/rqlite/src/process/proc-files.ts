import { readdir, readFile } from 'node:fs/promises'

/** What /proc tells about one process. */
export interface ProcStat {
  readonly startTime: string
  /** A zombie has ended and only waits for its parent. */
  readonly alive: boolean
}

/** Reads /proc/<pid>/stat (proc(5)); undefined when there is no such process, or no /proc. */
export const readProcStat = async (pid: number): Promise<ProcStat | undefined> => {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The name, in parentheses, may hold spaces and parentheses itself; fields count from after the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state = 'X'] = fields
    return { startTime: fields[19] ?? '', alive: state !== 'Z' && state !== 'X' }
  } catch {
    return undefined
  }
}

/** The arguments of a process, its own name first; empty when there is no such process. */
export const readProcArguments = async (pid: number): Promise<readonly string[]> => {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return text === '' ? [] : text.replace(/\0$/, '').split('\0')
  } catch {
    return []
  }
}

/** All pids; empty where there is no /proc. */
export const listPids = async (): Promise<readonly number[]> => {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  } catch {
    return []
  }
}
