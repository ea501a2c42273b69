import type { SqlValue } from '@dbcluster/protocol'
import { asciiLower } from '../identifier.js'

/** One moment in the forms that statements ask for. Milliseconds are all that SQLite's clock has. */
export interface Moment {
  /** A time value that stands for `'now'` in every time function, as an SQL literal. */
  readonly timeValue: string
  /** What CURRENT_DATE and its like give, as SQL literals, by name in lower case. */
  readonly keywords: ReadonlyMap<string, string>
}

/** The moment of this Unix time. @throws RangeError outside of the years 0 to 9999, which SQLite has no form for */
export const momentOf = (unixMs: number): Moment => {
  const iso = new Date(Math.trunc(unixMs)).toISOString()
  if (iso.length !== 24) throw new RangeError(`${unixMs} ms is outside of the years that SQLite knows`)
  const date = iso.slice(0, 10)
  const time = iso.slice(11, 19)
  return {
    timeValue: `'${date} ${iso.slice(11, 23)}Z'`,
    keywords: new Map([
      ['current_date', `'${date}'`],
      ['current_time', `'${time}'`],
      ['current_timestamp', `'${date} ${time}'`],
    ]),
  }
}

/** How a time value means now: as `'now'`, or as the modifier that may stand in its place. */
export type NowForm = 'now' | 'subsec'

/**
 * Whether a value means now as a time value. SQLite reads texts and blobs up to their first NUL, in any case
 * (`parseDateOrTime` of https://sqlite.org/src/file/src/date.c).
 */
export const nowFormOf = (value: SqlValue): NowForm | undefined => {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return undefined
  const text = typeof value === 'string' ? value : String.fromCharCode(...value.subarray(0, 16))
  const end = text.indexOf('\0')
  switch (asciiLower(end < 0 ? text.slice(0, 16) : text.slice(0, Math.min(end, 16)))) {
    case 'now':
      return 'now'
    case 'subsec':
    case 'subsecond':
      return 'subsec'
    default:
      return undefined
  }
}

/** An SQL condition that is true where {@link nowFormOf} is; `%s` too ends at a NUL, and takes blobs for texts. */
export const meansNowSql = (expression: string): string =>
  `lower(printf('%s',${expression}))IN('now','subsec','subsecond')`
