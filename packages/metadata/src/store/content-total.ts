/** Number of entries and sum of their checksums. Both stay exact: 2^20 checksums of 32 bits fit a double. */
export interface Total {
  readonly count: number
  readonly sum: number
}

/**
 * Tells whether a store is whole. LevelDB skips a damaged stretch of its log without a word; the total, written anew
 * with every batch, then no longer fits the entries that are left.
 */
export class ContentTotal {
  readonly #checksums = new Map<string, number>()
  #sum = 0

  get total(): Total {
    return { count: this.#checksums.size, sum: this.#sum }
  }

  set(key: string, checksum: number): void {
    this.#sum += checksum - (this.#checksums.get(key) ?? 0)
    this.#checksums.set(key, checksum)
  }

  delete(key: string): void {
    this.#sum -= this.#checksums.get(key) ?? 0
    this.#checksums.delete(key)
  }
}
