/** Counts, per peer and over all of its streams, the requests that handlers of one protocol are busy with. */
export class InFlight {
  readonly #counts = new Map<string, number>()

  of(peerId: string): number {
    return this.#counts.get(peerId) ?? 0
  }

  /** Counts one request in; the returned function counts it out, once. */
  enter(peerId: string): () => void {
    this.#counts.set(peerId, this.of(peerId) + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      const count = this.of(peerId) - 1
      if (count > 0) this.#counts.set(peerId, count)
      else this.#counts.delete(peerId)
    }
  }
}
