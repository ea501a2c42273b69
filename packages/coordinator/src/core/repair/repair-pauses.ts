/** The pause after a wake that changed nothing: doubled each time, up to the second. */
const PAUSE_MS = { first: 120_000, longest: 3_600_000 } as const
/** Names that are kept in mind; of those beyond it the oldest are tried again as if it were the first time. */
const MAX_NAMES = 10_000

interface Pause {
  readonly failures: number
  readonly untilMs: number
  /** The roster's epoch: another one may have brought a node that can help. */
  readonly epoch: number
}

/** Which sleeping databases are left asleep for a while, since waking them led to nothing. */
export class RepairPauses {
  readonly #pauses = new Map<string, Pause>()

  /** Waking it led to nothing. @returns the pause, in milliseconds */
  failed(name: string, at: { readonly nowMs: number; readonly epoch: number }): number {
    const failures = this.#pauses.get(name)?.failures ?? 0
    const pauseMs = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.min(failures, 10))
    this.#pauses.delete(name)
    this.#pauses.set(name, { failures: failures + 1, untilMs: at.nowMs + pauseMs, epoch: at.epoch })
    for (const oldest of this.#pauses.keys()) {
      if (this.#pauses.size <= MAX_NAMES) break
      this.#pauses.delete(oldest)
    }
    return pauseMs
  }

  isPaused(name: string, at: { readonly nowMs: number; readonly epoch: number }): boolean {
    const pause = this.#pauses.get(name)
    return pause !== undefined && pause.epoch === at.epoch && at.nowMs < pause.untilMs
  }

  /** It got further, or nothing is wrong with it any more. */
  forget(name: string): void {
    this.#pauses.delete(name)
  }

  /** Those that are kept in mind. */
  names(): readonly string[] {
    return [...this.#pauses.keys()]
  }
}
