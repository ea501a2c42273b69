import { setTimeout as pause } from 'node:timers/promises'

/** Settings of {@link eventually}. */
export interface EventuallyInit {
  /** @default 10_000 */
  readonly limitMs?: number
  /** @default 20 */
  readonly everyMs?: number
}

/**
 * Looks until a value is there, or a condition holds, and returns it. What throws is "not yet".
 * @throws Error after the limit: with what was waited for, and the last reason
 */
export const eventually = async <T>(
  what: string,
  look: () => T | Promise<T>,
  { limitMs = 10_000, everyMs = 20 }: EventuallyInit = {},
): Promise<Exclude<T, false | undefined>> => {
  const endMs = performance.now() + limitMs
  for (;;) {
    let last: unknown
    try {
      const found = await look()
      if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>
    } catch (error) {
      last = error
    }
    if (performance.now() > endMs) {
      const reason = last === undefined ? '' : `; at last: ${last instanceof Error ? last.message : String(last)}`
      throw new Error(`not within ${limitMs} ms: ${what}${reason}`, { cause: last })
    }
    await pause(everyMs)
  }
}
