import type { RateState } from '@dbcluster/protocol'

/** Callers whose rate is remembered; at the bound the one not seen for the longest starts anew. */
const CALLERS_MAX = 10_000

/** What one request found. */
export interface RateOutcome {
  readonly state: RateState
  /** Time until it would have been let through; 0: it was. */
  readonly waitMs: number
}

/**
 * How many requests a second each caller may make, in bursts of one second's worth: the generic cell rate algorithm
 * (ITU-T I.371), one number per caller and no timers.
 */
export class RateLimiter {
  readonly #perSecond: number
  readonly #nowMs: () => number
  /** When each caller's burst will be whole again. */
  readonly #wholeAtMs = new Map<string, number>()

  /** @param perSecond requests; also the size of a burst */
  constructor(perSecond: number, nowMs: () => number) {
    this.#perSecond = perSecond
    this.#nowMs = nowMs
  }

  take(caller: string): RateOutcome {
    const nowMs = this.#nowMs()
    const wholeAtMs = Math.max(this.#wholeAtMs.get(caller) ?? 0, nowMs)
    const next = wholeAtMs + 1_000 / this.#perSecond
    // A little more than a second: fractions of a millisecond must not cost the burst its last request.
    const waitMs = next - nowMs - 1_000.001
    // Within the last thousandth of what one request costs it would look as if there were one left.
    if (waitMs > 0) return { state: { ...this.#state(wholeAtMs - nowMs), remaining: 0 }, waitMs }
    this.#remember(caller, next)
    return { state: this.#state(next - nowMs), waitMs: 0 }
  }

  #state(owedMs: number): RateState {
    const used = Math.ceil((owedMs * this.#perSecond) / 1_000 - 0.001)
    return {
      limit: this.#perSecond,
      remaining: Math.max(0, this.#perSecond - used),
      resetSeconds: Math.ceil(owedMs / 1_000),
    }
  }

  #remember(caller: string, wholeAtMs: number): void {
    this.#wholeAtMs.delete(caller)
    this.#wholeAtMs.set(caller, wholeAtMs)
    const [oldest] = this.#wholeAtMs.keys()
    if (this.#wholeAtMs.size > CALLERS_MAX && oldest !== undefined) this.#wholeAtMs.delete(oldest)
  }
}
