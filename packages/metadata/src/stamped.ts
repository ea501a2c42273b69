import type { Stamped } from '@dbcluster/protocol'
import { compareCanonical } from './canonical.js'
import { clockEntry, clockSum, incrementClock, joinClocks } from './clock.js'

/**
 * The total order of a register's values: more updates seen, then the text of the clock, then the text of the value.
 * A causally later value has seen more, so it always wins; concurrent ones are ordered the same way on every node.
 * Being one total order is what makes the maximum associative (DESIGN.md, "Registers").
 */
export const compareStamped = <T>(a: Stamped<T>, b: Stamped<T>): number =>
  a === b
    ? 0
    : clockSum(a.clock) - clockSum(b.clock) || compareCanonical(a.clock, b.clock) || compareCanonical(a.value, b.value)

/** The greater of two stamped values; the first one itself when they are equal. */
export const joinStamped = <T>(a: Stamped<T>, b: Stamped<T>): Stamped<T> => (compareStamped(a, b) >= 0 ? a : b)

/** What {@link stamp} needs to know of the record that holds the register. */
export interface StampInit<T> {
  readonly actor: string
  /** The record's own clock: the actor's counter is shared by all that it writes in this record. */
  readonly clock: Stamped<T>['clock']
  readonly previous: Stamped<T> | undefined
}

/**
 * A new value on top of the previous one, and the record's clock after that write. The stamp carries only what this
 * register has seen (its one writer's incarnations), not the whole record's clock: records stay small.
 */
export const stamp = <T>(value: T, init: StampInit<T>): { register: Stamped<T>; clock: Stamped<T>['clock'] } => {
  const seen = init.previous?.clock ?? {}
  const clock = incrementClock(joinClocks(init.clock, seen), init.actor)
  return { register: { value, clock: { ...seen, [init.actor]: clockEntry(clock, init.actor) } }, clock }
}
