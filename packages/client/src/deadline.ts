import { DbClusterError } from '@dbcluster/protocol/errors'
import type { Closing } from './closing.js'

/** The patience of one call: its time and its caller's signal, as one signal. */
export interface Deadline {
  /** Aborts at the deadline, when the caller aborts, or when the transport is closed. */
  readonly signal: AbortSignal
  remainingMs(): number
  /** Why the signal aborted: the error that the caller gets. */
  error(what: string, mayBeApplied: boolean): DbClusterError
  /** Frees the timer; call it always. */
  release(): void
}

/** What ends a call early, beside its time. */
export interface DeadlineInit {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** The transport's own end. */
  readonly closing: Closing
}

const APPLIED_HINT = 'it may have been applied: read before you send it again'

/** Joins time and signals by hand: `AbortSignal.any` is missing in browsers that are still in use. */
export const startDeadline = ({ timeoutMs, signal, closing }: DeadlineInit): Deadline => {
  const startedAt = performance.now()
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  const stopListening = closing.onClose(abort)
  signal?.addEventListener('abort', abort, { once: true })
  if (closing.closed || signal?.aborted) abort()
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, Math.ceil(timeoutMs - (performance.now() - startedAt))),
    error: (what, mayBeApplied) => {
      const hint = mayBeApplied ? APPLIED_HINT : undefined
      if (signal?.aborted) {
        return new DbClusterError('CANCELLED', `${what} was cancelled by its caller`, { hint, cause: signal.reason })
      }
      if (closing.closed)
        return new DbClusterError('CANCELLED', `${what} was cancelled: the client is closed`, { hint })
      return mayBeApplied
        ? new DbClusterError('OUTCOME_UNKNOWN', `${what} brought no answer within ${timeoutMs} ms`, { hint })
        : new DbClusterError('TIMEOUT', `${what} brought no answer within ${timeoutMs} ms`, {
            hint: 'give it more time with timeoutMs, or look at the status of the database',
          })
    },
    release: () => {
      clearTimeout(timer)
      stopListening()
      signal?.removeEventListener('abort', abort)
    },
  }
}

/** Waits; ends early, without an error, when the signal aborts. */
export const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delayMs)
    signal.addEventListener('abort', done, { once: true })
  })
