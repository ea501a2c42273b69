/** Times that something took, in milliseconds. */
export class Samples {
  readonly #values: number[] = []

  add(ms: number): void {
    this.#values.push(ms)
  }

  get count(): number {
    return this.#values.length
  }

  /** The value that this share of all does not exceed (nearest rank). @throws RangeError without samples */
  percentile(share: number): number {
    const sorted = [...this.#values].sort((a, b) => a - b)
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
    if (value === undefined) throw new RangeError('there are no samples')
    return value
  }
}

/** How long something takes, added to samples when it succeeds. */
export const timed = async <T>(samples: Samples, work: () => Promise<T>): Promise<T> => {
  const startedMs = performance.now()
  const result = await work()
  samples.add(performance.now() - startedMs)
  return result
}
