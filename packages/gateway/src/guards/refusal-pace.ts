import { createHash } from 'node:crypto'

/** Refusals that one credential gets a second once it has had a burst of them. */
const PER_SECOND = 200
/** Refusals that come at once after some quiet: whoever heeds them never meets the pace. */
const BURST = 50
/** The longest that a refusal is put off; one that was, ends its connection. */
const DELAY_MAX_MS = 10_000
/** Credentials whose pace is remembered; at the bound the one refused the longest ago starts anew. */
const CREDENTIALS_MAX = 10_000

/** When a refusal is told. */
export interface RefusalTime {
  readonly delayMs: number
  /** Its connection has asked too much. */
  readonly endsConnection: boolean
}

/**
 * Puts off the refusals of whoever does not heed them: a client that sends the next request as soon as the last one was
 * refused would otherwise keep the gateway busy with refusing, and everybody else waiting. Waiting costs nothing; how many
 * can wait is bounded by the connections and by what may be asked on each.
 */
export class RefusalPace {
  readonly #nowMs: () => number
  /**
   * When each credential's next refusal would be due if it had no burst, the one refused the longest ago first; by digests,
   * since whoever has no credential sends what it likes in place of one.
   */
  readonly #dueMs = new Map<string, number>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Counts one refusal in. */
  next(credential: string): RefusalTime {
    const nowMs = this.#nowMs()
    const key = createHash('sha256').update(credential).digest('base64')
    const dueMs = Math.max(this.#dueMs.get(key) ?? 0, nowMs)
    const wantedMs = Math.max(0, dueMs - nowMs - (BURST * 1_000) / PER_SECOND)
    const delayMs = Math.min(wantedMs, DELAY_MAX_MS)
    this.#dueMs.delete(key)
    // Not beyond what is put off: a flood that has ended is forgotten after as long.
    this.#dueMs.set(key, wantedMs < DELAY_MAX_MS ? dueMs + 1_000 / PER_SECOND : dueMs)
    const [oldest] = this.#dueMs.keys()
    if (this.#dueMs.size > CREDENTIALS_MAX && oldest !== undefined) this.#dueMs.delete(oldest)
    return { delayMs, endsConnection: wantedMs >= DELAY_MAX_MS }
  }
}
