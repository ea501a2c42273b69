/** Keys in code-unit order, found by binary search; adding one moves memory, which is cheap at 100,000 keys. */
export class SortedKeys {
  readonly #keys: string[] = []

  get size(): number {
    return this.#keys.length
  }

  /** Adds a key that is not there yet. */
  add(key: string): void {
    this.#keys.splice(this.#lowerBound(key), 0, key)
  }

  /** Every key that begins with `prefix`, in order. */
  startingWith(prefix: string): string[] {
    const keys: string[] = []
    for (let at = this.#lowerBound(prefix); at < this.#keys.length; at += 1) {
      const key = this.#keys[at]
      if (key === undefined || !key.startsWith(prefix)) break
      keys.push(key)
    }
    return keys
  }

  #lowerBound(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
