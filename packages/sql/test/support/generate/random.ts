/** A stream of numbers that a seed decides. */
export interface Random {
  /** A whole number from 0 up to, without, `limit`. */
  below(limit: number): number
  /** Whether something happens that happens once in `often` times. */
  once(often: number): boolean
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T
}

/** Mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c), which is short and good enough. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    once: (often) => below(often) === 0,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
  }
}
