/**
 * The end of a transport, told to everybody who waits. Not an `AbortSignal`: every call under way listens, and Node
 * warns of a leak at the eleventh listener of one signal.
 */
export class Closing {
  readonly #listeners = new Set<() => void>()
  #closed = false

  get closed(): boolean {
    return this.#closed
  }

  /** Returns a function that stops listening. */
  onClose(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true
    for (const listener of [...this.#listeners]) listener()
    this.#listeners.clear()
  }
}
