/** Longest delay that a timer of Node.js holds: 2^31-1 ms. Longer ones are called early, and the caller looks again. */
const DELAY_MAX_MS = 2_147_483_647

/** The time of this process: steady, unaffected by corrections of the wall clock, and meaningless elsewhere. */
export const systemClock = {
  /** Milliseconds since this process started. */
  nowMs: (): number => performance.now(),
  /** Calls back once, after `delayMs`; the returned function calls it off. */
  callAfter: (delayMs: number, callback: () => void): (() => void) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), DELAY_MAX_MS))
    return () => clearTimeout(timer)
  },
} as const
