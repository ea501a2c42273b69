import type { Summary } from './summary.js'

/** The summary as a person reads it. */
export const summaryLines = (summary: Summary): readonly string[] => {
  const { operations, outcomes, seconds } = summary
  const counted = (map: ReadonlyMap<string, number>): string =>
    [...map]
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  return [
    `${operations} operations in ${Math.round(seconds)} s: ${outcomes.ok} ok, ${outcomes.fail} failed for certain, ${outcomes.open} with an unknown outcome`,
    `errors: ${counted(summary.errors)}`,
    `faults: ${counted(summary.faults)}`,
    ...[...summary.skipped].map(([fault, why]) => `SKIPPED ${fault}: ${why}`),
    ...[...summary.toNextWriteMs].map(([how, times]) => {
      const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)]
      return `to the next acknowledged write after "${how}": p50 ${p50} ms, p99 ${p99} ms, of ${times.length}`
    }),
  ]
}

/** By nearest rank, in whole milliseconds. */
const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN)
}
