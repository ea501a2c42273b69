/** Time for the supervisor. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number
  /** Calls once after a delay, which keeps Node.js alive unless `idle`; the returned function cancels. */
  after(delayMs: number, call: () => void, idle?: boolean): () => void
}

/** The real clock. */
export const createSystemClock = (): Clock => ({
  now: () => performance.now(),
  after: (delayMs, call, idle = false) => {
    const timer = setTimeout(call, delayMs)
    if (idle) timer.unref()
    return () => clearTimeout(timer)
  },
})
