import type { Call, Model } from './model.js'
import { createTimeline, type Entry, lift, unlift } from './timeline.js'

/** Steps after which a search is given up, some seconds' worth; without open calls a history takes a few per call. */
export const SEARCH_STEPS_MAX = 5_000_000

/** What a search found. */
export type SearchResult<A> =
  | { readonly verdict: 'linearizable'; readonly order: readonly Call<A>[] }
  /** `stuck` had ended, but in no order that was possible until then could it have taken effect. */
  | {
      readonly verdict: 'impossible'
      readonly stuck: Call<A>
      readonly order: readonly Call<A>[]
      readonly state: string | number
    }
  | { readonly verdict: 'gave up'; readonly steps: number }

interface Frame<S> {
  readonly entry: Entry
  readonly before: S
}

/**
 * Looks for an order in which the calls, one after the other, could have had the answers they had, none taking effect
 * before it was called or after it had ended: Wing and Gong's search (1993), with Lowe's memory of the
 * configurations that led nowhere (2017): the set of calls that took effect, and the state they left.
 *
 * That set is kept exactly, as a run of calls without gaps and the few beyond it, so that a collision of hashes can't
 * call a good history bad. Open calls come last in it, where they break no run.
 */
export const search = <S extends string | number, A>(
  calls: readonly Call<A>[],
  model: Model<S, A>,
  stepsMax = SEARCH_STEPS_MAX,
): SearchResult<A> => {
  const { head, ordered } = createTimeline(calls)
  const applied = new AppliedSet(ordered.length)
  const seen = new Set<string>()
  const path: Frame<S>[] = []
  const orderOf = (frames: readonly Frame<S>[]): readonly Call<A>[] =>
    frames.map(({ entry }) => ordered[entry.call] as Call<A>)
  let deepest: { readonly order: readonly Call<A>[]; readonly stuck: number; readonly state: S } | undefined
  let state = model.initial
  let entry = head.next
  for (let steps = 0; head.next !== undefined; steps += 1) {
    if (steps >= stepsMax) return { verdict: 'gave up', steps }
    if (entry === undefined || entry.isEnd) {
      // A call that has ended must have taken effect by now: what was chosen before was wrong.
      if (entry !== undefined && (deepest === undefined || path.length > deepest.order.length)) {
        deepest = { order: orderOf(path), stuck: entry.call, state }
      }
      const frame = path.pop()
      if (frame === undefined) break
      applied.remove(frame.entry.call)
      unlift(frame.entry)
      state = frame.before
      entry = frame.entry.next
      continue
    }
    const after = model.step(state, (ordered[entry.call] as Call<A>).action)
    if (after !== undefined && isNew(seen, applied, entry.call, after)) {
      path.push({ entry, before: state })
      lift(entry)
      state = after
      entry = head.next
    } else {
      if (after !== undefined) applied.remove(entry.call)
      entry = entry.next
    }
  }
  if (head.next === undefined) return { verdict: 'linearizable', order: orderOf(path) }
  if (deepest === undefined) throw new Error('a search without calls that ended cannot fail')
  return { verdict: 'impossible', stuck: ordered[deepest.stuck] as Call<A>, order: deepest.order, state: deepest.state }
}

/** Adds the call; it stays added whatever comes out. */
const isNew = (seen: Set<string>, applied: AppliedSet, call: number, state: string | number): boolean => {
  applied.add(call)
  const configuration = `${applied.key()}|${state}`
  if (seen.has(configuration)) return false
  seen.add(configuration)
  return true
}

/** Which calls took effect. */
class AppliedSet {
  readonly #has: Uint8Array
  /** All below took effect, this one did not. */
  #gap = 0
  /** Those above it, in order. */
  readonly #beyond: number[] = []

  constructor(size: number) {
    this.#has = new Uint8Array(size)
  }

  add(call: number): void {
    this.#has[call] = 1
    if (call !== this.#gap) {
      const at = this.#beyond.findIndex((other) => other > call)
      this.#beyond.splice(at < 0 ? this.#beyond.length : at, 0, call)
      return
    }
    while (this.#has[this.#gap] === 1) this.#gap += 1
    while (this.#beyond[0] !== undefined && this.#beyond[0] < this.#gap) this.#beyond.shift()
  }

  remove(call: number): void {
    this.#has[call] = 0
    if (call > this.#gap) {
      this.#beyond.splice(this.#beyond.indexOf(call), 1)
      return
    }
    // What stood without a gap behind it now stands beyond it.
    for (let other = this.#gap - 1; other > call; other -= 1) this.#beyond.unshift(other)
    this.#gap = call
  }

  key(): string {
    return `${this.#gap}:${this.#beyond.join(',')}`
  }
}
