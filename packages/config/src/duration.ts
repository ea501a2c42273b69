import parse from 'parse-duration'

/** Go's `time.ParseDuration` without sign: `0`, or one or more numbers, each with its unit. */
export const DURATION_PATTERN = '^(0|(\\d+(\\.\\d+)?(ms|s|m|h))+)$'

const DURATION = new RegExp(DURATION_PATTERN)

/** Longest duration that a setting may have: a timer of Node.js holds 2^31-1 ms, a bit under 25 days. */
export const DURATION_MAX_MS = 24 * 24 * 3_600_000

/**
 * Milliseconds of a Go-style duration (`500ms`, `1m30s`, `0`), or undefined when the whole text isn't one. The shape is
 * checked first: parse-duration by itself finds a duration inside any text and knows units that Go lacks.
 */
export const parseDuration = (text: string): number | undefined => {
  if (!DURATION.test(text)) return undefined
  const milliseconds = text === '0' ? 0 : parse(text)
  return milliseconds === null || !Number.isFinite(milliseconds) ? undefined : Math.round(milliseconds)
}

/** Milliseconds as a Go-style duration, in the largest units: 90000 is `1m30s`. */
export const formatDuration = (milliseconds: number): string => {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const
  let rest = milliseconds
  let text = ''
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === '' ? '0' : text
}
