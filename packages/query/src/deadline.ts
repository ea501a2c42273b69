import { DbClusterError } from '@dbcluster/protocol'

/** A point in time that work must not outlive, and the caller's own wish to stop. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Milliseconds left, at least 0. */
  leftMs(): number
  /** Resolves after a pause, or rejects when the deadline comes first. @throws DbClusterError `TIMEOUT`, `CANCELLED` */
  pause(ms: number): Promise<void>
  /** @throws DbClusterError `TIMEOUT`, `CANCELLED` when it is over */
  check(): void
  /** Frees the timer. */
  end(): void
}

/** Starts a deadline of `timeoutMs` from now that also ends when `caller` aborts. */
export const startDeadline = (timeoutMs: number, caller?: AbortSignal): Deadline => {
  const controller = new AbortController()
  const startedMs = performance.now()
  const timer = setTimeout(() => controller.abort(timedOut(timeoutMs)), timeoutMs)
  const onAbort = (): void => controller.abort(new DbClusterError('CANCELLED', 'the caller called the request off'))
  caller?.addEventListener('abort', onAbort, { once: true })
  if (caller?.aborted === true) onAbort()
  const { signal } = controller
  return {
    signal,
    leftMs: () => Math.max(0, timeoutMs - (performance.now() - startedMs)),
    check: () => signal.throwIfAborted(),
    pause: (ms) => pauseFor(ms, signal),
    end: () => {
      clearTimeout(timer)
      caller?.removeEventListener('abort', onAbort)
    },
  }
}

const timedOut = (timeoutMs: number): DbClusterError =>
  new DbClusterError('TIMEOUT', `the request took longer than its ${timeoutMs} ms`, {
    hint: 'allow more time, or look at the status of the database',
    details: { timeoutMs },
  })

const pauseFor = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
