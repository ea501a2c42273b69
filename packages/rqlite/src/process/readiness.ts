import type { RqliteClient } from '../client/rqlite-client.js'

/** Wait between two looks while a start may be about to succeed: creation and waking wait for what it finds. */
const EAGER_PAUSE_MS = 20
/** Looks after which the others are not about to come; from then on it looks seldom. */
const EAGER_LOOKS = 200
const PATIENT_PAUSE_MS = 250
/** A look that takes longer is given up and repeated: the majority may have changed meanwhile. */
const LOOK_LIMIT_MS = 3_000

/** How readiness is waited for. */
export interface ReadyInit {
  /** Told whenever rqlited answers, ready or not. */
  readonly onAnswer?: () => void
  /**
   * It joins, and asks again this often. An attempt can fail at the asker and be committed all the same: it serves then, and
   * still asks once more. So it has to be ready for longer than that. Whoever removed it before would have it back.
   */
  readonly joinIntervalMs?: number
}

/** Waits until rqlited answers at all, member of a cluster or not. Ends early, with false, when the signal is aborted. */
export const waitUntilUp = (client: RqliteClient, signal: AbortSignal): Promise<boolean> =>
  waitUntil(signal, async () => {
    await client.status({ signal, timeoutMs: LOOK_LIMIT_MS })
    return true
  })

/**
 * Waits until a replica is ready: `/readyz`, applied log included, and a read through Raft, since `/readyz` is content
 * before anybody knows that a majority works. Ends early, with false, when the signal is aborted.
 */
export const waitUntilReady = async (
  client: RqliteClient,
  signal: AbortSignal,
  { onAnswer, joinIntervalMs }: ReadyInit = {},
): Promise<boolean> => {
  const isReady = async (): Promise<boolean> => {
    const ready = await client.ready({ signal, timeoutMs: LOOK_LIMIT_MS })
    onAnswer?.()
    if (!ready) return false
    await client.readThroughRaft({ signal, timeoutMs: LOOK_LIMIT_MS })
    return true
  }
  if (!(await waitUntil(signal, isReady))) return false
  if (joinIntervalMs === undefined) return true
  await pause(2 * joinIntervalMs, signal)
  return waitUntil(signal, isReady)
}

const waitUntil = async (signal: AbortSignal, holds: () => Promise<boolean>): Promise<boolean> => {
  for (let looks = 0; !signal.aborted; looks += 1) {
    try {
      if (await holds()) return true
    } catch {
      // Not listening yet, no leader yet: that is what is waited for.
    }
    await pause(looks < EAGER_LOOKS ? EAGER_PAUSE_MS : PATIENT_PAUSE_MS, signal)
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
    signal.addEventListener('abort', end, { once: true })
  })
