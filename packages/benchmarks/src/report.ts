import type { Samples } from './samples.js'

/** One line of a report. */
export interface Row {
  readonly name: string
  readonly samples: Samples
  /** What its median is compared with; none for the measure itself. */
  readonly against?: Samples
}

/** The tenth percentile tells what an undisturbed one takes on a machine that does other things too. */
const SHARES = [0.1, 0.5, 0.9, 0.99, 1] as const

/** A markdown table of latencies, in milliseconds. */
export const latencyTable = (rows: readonly Row[]): string => {
  const lines = rows.map(({ name, samples, against }) => {
    const latencies = SHARES.map((share) => format(samples.percentile(share)))
    const [p50, p99] = [samples.percentile(0.5), samples.percentile(0.99)]
    if (against === undefined) return [name, samples.count, ...latencies, '1', '', '']
    const added = [p50 - against.percentile(0.5), p99 - against.percentile(0.99)]
    return [name, samples.count, ...latencies, (p50 / against.percentile(0.5)).toFixed(2), ...added.map(format)]
  })
  return [['', 'n', 'p50', 'p90', 'p99', 'max', 'p50 ratio', 'p50 added'], ['---', ...Array(7).fill('---:')], ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

const format = (ms: number): string => (Math.abs(ms) >= 100 ? ms.toFixed(0) : ms.toFixed(2))
