interface Turn {
  readonly done: Promise<unknown>
  readonly superseded: AbortController
}

/** Lets what is done with one thing happen one after the other, by the thing's name. */
export class Turns {
  readonly #last = new Map<string, Turn>()

  /**
   * Does something after all that was begun with this name before.
   * @param work is told by its signal when something else waits for its end
   */
  take<T>(name: string, work: (superseded: AbortSignal) => Promise<T>): Promise<T> {
    this.#last.get(name)?.superseded.abort()
    return this.queue(name, work)
  }

  /** The same, without telling anything under way that something waits for it. */
  queue<T>(name: string, work: (superseded: AbortSignal) => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const superseded = new AbortController()
    const done = (before?.done ?? Promise.resolve()).catch(() => undefined).then(() => work(superseded.signal))
    const turn: Turn = { done, superseded }
    this.#last.set(name, turn)
    return done.finally(() => {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    })
  }

  /** Tells everything under way not to wait any longer. */
  supersedeAll(): void {
    for (const { superseded } of this.#last.values()) superseded.abort()
  }
}
