/** Counters below the highest one that are told apart; older ones count as seen. */
export const WINDOW = 1_024n

/** Lets each counter pass once, in any order within the window. A few hundred bytes, whatever comes. */
export class ReplayWindow {
  readonly #seen = new Set<bigint>()
  #highest = 0n

  /** True the first time, false for what has been seen or may have been. */
  take(counter: bigint): boolean {
    if (counter <= 0n || counter + WINDOW <= this.#highest || this.#seen.has(counter)) return false
    this.#seen.add(counter)
    if (counter > this.#highest) {
      this.#highest = counter
      if (this.#seen.size > 2 * Number(WINDOW)) this.#forget()
    }
    return true
  }

  #forget(): void {
    for (const counter of this.#seen) if (counter + WINDOW <= this.#highest) this.#seen.delete(counter)
  }
}
