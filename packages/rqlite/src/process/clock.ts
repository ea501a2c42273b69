/** Time for the supervisor. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number
  /** Calls once after a delay that doesn't keep Node.js alive; the returned function cancels. */
  after(delayMs: number, call: () => void): () => void
}

/** The real clock. */
export const createSystemClock = (): Clock => ({
  now: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
})
