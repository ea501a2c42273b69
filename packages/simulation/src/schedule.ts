interface Entry {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** Virtual time: what is due first runs first, and what is due together runs in the order it was asked for. */
export class Schedule {
  readonly #heap: Entry[] = []
  #nowMs = 0
  #order = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** Runs once, `delayMs` from now. @returns calls it off */
  after(delayMs: number, run: () => void): () => void {
    this.#order += 1
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, run, cancelled: false }
    this.#push(entry)
    return () => {
      entry.cancelled = true
    }
  }

  /** Runs what is due next. @returns false when nothing was due until then */
  step(untilMs: number): boolean {
    let entry = this.#heap[0]
    while (entry?.cancelled) {
      this.#pop()
      entry = this.#heap[0]
    }
    if (entry === undefined || entry.atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs)
      return false
    }
    this.#pop()
    this.#nowMs = entry.atMs
    entry.run()
    return true
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !earlier(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (left === undefined) break
      let least = left
      if (right !== undefined && earlier(right, left)) {
        least = right
        child += 1
      }
      if (!earlier(least, last)) break
      heap[at] = least
      at = child
    }
    heap[at] = last
  }
}

const earlier = (a: Entry, b: Entry): boolean => (a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs)
