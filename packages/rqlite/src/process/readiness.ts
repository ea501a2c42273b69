import type { RqliteClient } from '../client/rqlite-client.js'

/** First wait between two looks; doubled up to the longest. */
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200
/** A look that takes longer is given up and repeated: the majority may have changed meanwhile. */
const LOOK_LIMIT_MS = 3_000

/**
 * Waits until a replica is ready: `/readyz`, applied log included, and a read through Raft, since `/readyz` is content
 * before anybody knows that a majority works. Ends early, with false, when the signal is aborted.
 */
export const waitUntilReady = async (client: RqliteClient, signal: AbortSignal): Promise<boolean> => {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    try {
      if (await client.ready({ signal, timeoutMs: LOOK_LIMIT_MS })) {
        await client.readThroughRaft({ signal, timeoutMs: LOOK_LIMIT_MS })
        return true
      }
    } catch {
      // Not listening yet, no leader yet: that is what is waited for.
    }
    await pause(pauseMs, signal)
  }
  return false
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    timer.unref()
    signal.addEventListener('abort', end, { once: true })
  })
