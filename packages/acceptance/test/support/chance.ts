/** Chance from a seed: mulberry32 (Tommy Ettinger, public domain). The same seed gives the same choices. */
export interface Chance {
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number
  /** True in this share of the cases. */
  happens(share: number): boolean
}

/** Makes choices that a seed repeats. */
export const chanceFrom = (seed: number): Chance => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return { integer: (low, high) => low + Math.floor(next() * (high - low + 1)), happens: (share) => next() < share }
}
