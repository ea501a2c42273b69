import type { Samples } from './samples.js'

/** One line of a report. */
export interface Row {
  readonly name: string
  readonly samples: Samples
  /** What its median is compared with; none for the measure itself. */
  readonly against?: Samples
}

/** A markdown table of latencies, in milliseconds. */
export const latencyTable = (rows: readonly Row[]): string => {
  const lines = rows.map(({ name, samples, against }) => {
    const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => samples.percentile(share))
    const ratio = against === undefined ? '1' : ((p50 ?? 0) / against.percentile(0.5)).toFixed(2)
    const added = against === undefined ? '' : format((p50 ?? 0) - against.percentile(0.5))
    return [name, samples.count, ...[p50, p90, p99, max].map((ms) => format(ms ?? 0)), ratio, added]
  })
  return [['', 'n', 'p50', 'p90', 'p99', 'max', 'p50 ratio', 'p50 added'], ['---', ...Array(7).fill('---:')], ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

const format = (ms: number): string => (Math.abs(ms) >= 100 ? ms.toFixed(0) : ms.toFixed(2))
