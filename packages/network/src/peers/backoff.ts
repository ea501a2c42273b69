import { BOUNDS } from '../bounds.js'

/**
 * How long to wait before the next dial after `failures` in a row: doubled each time between the two bounds, and then
 * spread over the upper half, so that the members of a restarted network don't dial in step.
 * @param random 0 (included) to 1 (excluded)
 */
export const redialDelayMs = (failures: number, random: number): number => {
  const full = Math.min(BOUNDS.redialMaxMs, BOUNDS.redialMinMs * 2 ** Math.min(failures, 16))
  return Math.round(full / 2 + (full / 2) * random)
}
