import { cpus, loadavg, platform, release, totalmem } from 'node:os'

/** On what it was measured, and how busy it was when that began. */
export const describeMachine = (): string => {
  const [cpu] = cpus()
  const memory = (totalmem() / 1024 ** 3).toFixed(0)
  const load = loadavg().map((one) => one.toFixed(2))
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ${cpu?.model.trim() || 'unknown CPU'}, ${memory} GiB, ${platform()} ${release()},`,
    `Node.js ${process.version}; load average before the run ${load.join(', ')}.`,
  ].join(' ')
}
