import { normalizeInteger, type SqlValue } from '@dbcluster/protocol'
import { unusedName } from './identifier.js'
import type { StatementPlan } from './plan.js'

/** A read whose values arrive as SQLite holds them. */
export interface ExactRead {
  /** The wrapped statement, with the parameters of the original. Its columns are the original's, and one more. */
  readonly plan: StatementPlan
  /**
   * The original row behind a row of the wrapped statement, integers in it as numbers or bigints.
   * @throws RangeError when the row has another shape than the wrapped statement gives
   */
  decodeRow(row: readonly unknown[]): SqlValue[]
}

/** SQLite's bound on columns (SQLITE_MAX_COLUMN), less the one that the wrapper adds. */
const COLUMNS_MAX = 1_999

/**
 * Wraps a plain read so that rqlite does not convert its values: not by declared type (BOOLEAN, DATE, DATETIME and
 * TIMESTAMP columns come as JSON booleans and RFC 3339 texts), blobs not into text, and infinities not into an error for
 * the whole response. Each column becomes an expression, which has no declared type; blobs come in hexadecimal; one more
 * column tells each value's storage class by its first letter. Rows, their order and duplicates stay.
 *
 * Columns are named `c0`, `c1`, …: take the names from an unwrapped run, and the count too (a wrong one is SQLite's
 * error `table _dbc has N values for M columns`, never wrong values). Undefined for what cannot be wrapped: PRAGMA,
 * EXPLAIN, writes with RETURNING, no columns, or more than 1999.
 */
export const wrapForExactValues = (plan: StatementPlan, columnCount: number): ExactRead | undefined => {
  if (plan.kind !== 'read' || plan.explain || columnCount < 1 || columnCount > COLUMNS_MAX) return undefined
  const columns = Array.from({ length: columnCount }, (_, at) => `c${at}`)
  const table = unusedName(plan.sql)
  const prefix = `WITH ${table}(${columns.join(',')}) AS (`
  const values = columns.map((column) => `${exactValue(column)} AS ${column}`)
  const sql = `${prefix}${plan.sql}) SELECT ${values.join(',')},${storageClasses(columns)} FROM ${table}`
  const uses = plan.parameters.uses.map(({ start, end, parameter }) => ({
    start: start + prefix.length,
    end: end + prefix.length,
    parameter,
  }))
  return {
    plan: { ...plan, sql, parameters: { ...plan.parameters, uses } },
    decodeRow: (row) => decodeRow(row, columnCount),
  }
}

/** `c-c` is NULL for infinities only. */
const exactValue = (column: string): string =>
  `CASE typeof(${column}) WHEN 'blob' THEN hex(${column}) ` +
  `WHEN 'real' THEN CASE WHEN ${column}-${column} IS NULL THEN ${column}||'' ELSE ${column} END ELSE ${column} END`

/** Put together as a balanced tree: a plain chain of `||` would be as deep as there are columns (bound 1000). */
const storageClasses = (columns: readonly string[]): string => {
  if (columns.length === 1) return `substr(typeof(${columns[0]}),1,1)`
  const middle = columns.length >> 1
  return `(${storageClasses(columns.slice(0, middle))}||${storageClasses(columns.slice(middle))})`
}

const decodeRow = (row: readonly unknown[], columnCount: number): SqlValue[] => {
  const classes = row[columnCount]
  if (row.length !== columnCount + 1 || typeof classes !== 'string' || classes.length !== columnCount) {
    throw new RangeError(`expected ${columnCount} values and their storage classes, got ${row.length} values`)
  }
  return Array.from(classes, (storageClass, at) => decodeValue(row[at], storageClass))
}

const decodeValue = (value: unknown, storageClass: string): SqlValue => {
  if (storageClass === 'n') return null
  if (storageClass === 't' && typeof value === 'string') return value
  if (storageClass === 'b' && typeof value === 'string') return fromHex(value)
  if (storageClass === 'i' && typeof value === 'bigint') return normalizeInteger(value)
  if (storageClass === 'i' && typeof value === 'number') return value
  if (storageClass === 'r' && ['number', 'bigint', 'string'].includes(typeof value)) return toReal(value)
  throw new RangeError(`a value of storage class ${JSON.stringify(storageClass)} came as a ${typeof value}`)
}

const toReal = (value: unknown): number => {
  if (value === 'Inf') return Number.POSITIVE_INFINITY
  if (value === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(value)
}

const fromHex = (hex: string): Uint8Array => {
  const bytes = new Uint8Array(hex.length >> 1)
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)
  return bytes
}
