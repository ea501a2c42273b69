import { setTimeout as pause } from 'node:timers/promises'

/** Between two attempts; what is measured takes hundreds of times as long. */
const AGAIN_MS = 5

/**
 * Tries several ways side by side, each again and again, until one of them works.
 * @throws Error after the limit, with the last reason
 */
export const firstSuccess = async (ways: readonly (() => Promise<unknown>)[], limitMs: number): Promise<void> => {
  const endMs = performance.now() + limitMs
  const state: { done: boolean; last: unknown } = { done: false, last: undefined }
  const keepTrying = async (way: () => Promise<unknown>): Promise<void> => {
    while (!state.done && performance.now() < endMs) {
      try {
        await way()
        state.done = true
      } catch (error) {
        state.last = error
        await pause(AGAIN_MS)
      }
    }
    if (!state.done) throw new Error(`nothing worked within ${limitMs} ms`, { cause: state.last })
  }
  await Promise.race(ways.map(keepTrying))
}
