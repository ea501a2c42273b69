import type { Logger } from '@dbcluster/protocol'

/** Listeners to one kind of event. One that throws is logged; the others still hear of it. */
export class Listeners<A extends readonly unknown[]> {
  readonly #logger: Logger
  readonly #listeners = new Set<(...args: A) => void>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Adds a listener; the returned function removes it. */
  add(listener: (...args: A) => void): () => void {
    const own = (...args: A): void => listener(...args)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  emit(...args: A): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...args)
      } catch (error) {
        this.#logger.error('A listener threw', { error })
      }
    }
  }
}
