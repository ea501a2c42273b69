/** Rebuilds for failed writes that one replica gets within the window. */
const REBUILDS_MAX = 3
const WINDOW_MS = 600_000

/**
 * Bounds how often replicas are rebuilt because a write failed on them. What fails again and again fails on every replica
 * alike: a full-text index that the application damaged says "malformed" too, and a trigger may raise any text.
 */
export class RebuildBudget {
  readonly #nowMs: () => number
  readonly #spent = new Map<string, readonly number[]>()

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Takes one of this database's rebuilds. @returns whether one was left */
  take(name: string): boolean {
    const since = this.#nowMs() - WINDOW_MS
    const spent = (this.#spent.get(name) ?? []).filter((atMs) => atMs > since)
    const isLeft = spent.length < REBUILDS_MAX
    this.#spent.set(name, isLeft ? [...spent, this.#nowMs()] : spent)
    return isLeft
  }

  /** Drops what is known of a database that is no longer here. */
  forget(name: string): void {
    this.#spent.delete(name)
  }
}
