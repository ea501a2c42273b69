import { readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second, whatever its kernel's own tick. */
const MS_PER_TICK = 10
/** Fields of /proc/<pid>/stat after the command's name: user and system time. */
const [USER, SYSTEM] = [11, 12]

/** Processor time that a process has used so far, all threads, in milliseconds; 0 where there is no telling. */
export const processorTimeMs = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[USER]) + Number(fields[SYSTEM])) * MS_PER_TICK
  } catch {
    return 0
  }
}
