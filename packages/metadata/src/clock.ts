import type { VectorClock } from '@dbcluster/protocol'

/** How one vector clock stands to another. `before`: everything the first has seen, the second has too, and more. */
export type ClockOrder = 'equal' | 'before' | 'after' | 'concurrent'

/** The clock of something nobody has written yet. */
export const EMPTY_CLOCK: VectorClock = {}

/** Updates of one actor that a clock has seen; 0 for an actor it doesn't know. */
export const clockEntry = (clock: VectorClock, actor: string): number =>
  Object.hasOwn(clock, actor) ? (clock[actor] ?? 0) : 0

/** The clock of this actor's next update. */
export const incrementClock = (clock: VectorClock, actor: string): VectorClock => ({
  ...clock,
  [actor]: clockEntry(clock, actor) + 1,
})

/** Whether `a` has seen everything that `b` has. */
const covers = (a: VectorClock, b: VectorClock): boolean =>
  Object.entries(b).every(([actor, count]) => clockEntry(a, actor) >= count)

/** Relates two clocks (Mattern, "Virtual Time and Global States of Distributed Systems", section 4). */
export const compareClocks = (a: VectorClock, b: VectorClock): ClockOrder => {
  if (a === b) return 'equal'
  const aCovers = covers(a, b)
  const bCovers = covers(b, a)
  if (aCovers) return bCovers ? 'equal' : 'after'
  return bCovers ? 'before' : 'concurrent'
}

/** The pointwise maximum. Returns `a` itself, or else `b` itself, when that already is the maximum. */
export const joinClocks = (a: VectorClock, b: VectorClock): VectorClock => {
  if (a === b || covers(a, b)) return a
  if (covers(b, a)) return b
  const joined = new Map(Object.entries(a))
  for (const [actor, count] of Object.entries(b)) joined.set(actor, Math.max(count, joined.get(actor) ?? 0))
  return Object.fromEntries(joined)
}

/** All updates that a clock has seen. Grows with each step of causality: `before` implies a smaller sum. */
export const clockSum = (clock: VectorClock): number => Object.values(clock).reduce((sum, count) => sum + count, 0)
