import type { SqlArgs, SqlValue } from '@dbcluster/protocol'
import { asciiLower, nameOf, unusedName } from '../identifier.js'
import type { StatementPlan } from '../plan.js'
import type { TokenRange } from '../split.js'
import { applyEdits, type Edit } from './edits.js'
import type { KnownSchema, KnownTable } from './known-schema.js'
import { markerSql } from './marker.js'
import type { Source } from './source.js'
import { refuse } from './volatile.js'
import { ANY_COLUMN, isPlain, type WrittenValue, writtenValuesOf } from './written-values.js'

/*
 * Once the largest rowid is taken, SQLite takes random ones for rows that are given none, others on each replica
 * (https://sqlite.org/autoinc.html). So nobody may store it where SQLite chooses rowids by itself: a literal or an
 * argument is refused, a computed one fails when it runs, alike on every replica.
 */

const LAST = 9_223_372_036_854_775_807n
/** How it can stand in a text. */
const LAST_TEXT = /9_?2_?2_?3_?3_?7_?2_?0_?3_?6_?8_?5_?4_?7_?7_?5_?8_?0_?7|0x0*7(?:_?f){15}/i

const isLast = (value: SqlValue): boolean => value === LAST || (typeof value === 'string' && LAST_TEXT.test(value))

/** Whether the largest rowid there is occurs in a statement or its arguments at all. */
export const mentionsLastRowid = ({ sql }: StatementPlan, args: SqlArgs | undefined): boolean =>
  LAST_TEXT.test(sql) || (args !== undefined && Object.values(args).some(isLast))

/** Whether a statement may compute a rowid of a table where SQLite chooses them by itself. */
export const mayComputeRowid = ({ computed, target }: StatementPlan, schema: KnownSchema): boolean => {
  if (computed.length === 0) return false
  const table = schema.get(asciiLower(target ?? ''))
  if (table === undefined || table.rowidNames.length === 0) return false
  const byPlace = computed.includes(ANY_COLUMN) && table.columns.some((name) => table.rowidNames.includes(name))
  return byPlace || computed.some((name) => table.rowidNames.includes(name))
}

/**
 * Refuses the largest rowid where it stands by itself in VALUES or behind SET.
 * @throws DbClusterError `NONDETERMINISTIC_SQL`
 */
export const refuseLastRowid = (source: Source, schema: KnownSchema, valueAt: (token: number) => SqlValue): void => {
  const written = writtenValuesOf(source, { from: 0, end: source.tokens.length })
  const table = schema.get(written?.table ?? '')
  if (written === undefined || table === undefined) return
  for (const value of written.values) {
    const { from, end } = value.range
    const token = source.tokens[from]
    if (token === undefined || end - from !== 1 || !givesRowid(value, table)) continue
    const isLiteral = token.type === 'string' ? nameOf(source.sql, token) : source.text(from)
    if (isLast(token.type === 'variable' ? valueAt(from) : isLiteral)) {
      refuse(`${LAST} as a rowid makes SQLite choose the next ones at random`, HINT, token.start)
    }
  }
}

/** The text whose rowids are guarded, and what is known of its tables. */
export interface RowidGuard {
  readonly source: Source
  readonly schema: KnownSchema
  /** Expressions that are known to be no such rowid. */
  readonly isSafe?: (range: TokenRange) => boolean
}

/**
 * Puts a look at the value around each rowid that the statements at these ranges compute. It is evaluated once, applies
 * no affinity, and keeps NULL: the row then gets its rowid as ever.
 * @throws DbClusterError `NONDETERMINISTIC_SQL` for a rowid among several columns that are set at once by a SELECT
 */
export const guardRowids = ({ source, schema, isSafe }: RowidGuard, ranges: readonly TokenRange[]): string => {
  const edits = ranges.flatMap((range) => {
    const written = writtenValuesOf(source, range)
    const table = schema.get(written?.table ?? '')
    if (written === undefined || table === undefined || table.rowidNames.length === 0) return []
    const { values, select } = written
    const computed = values.filter(
      (value) => givesRowid(value, table) && !isPlain(source, value.range) && isSafe?.(value.range) !== true,
    )
    const guarded = computed.flatMap((value) => guardedValue(source, value))
    return select === undefined ? guarded : [...guardedSelect(source, select, table), ...guarded]
  })
  return edits.length === 0 ? source.sql : applyEdits(source.sql, edits)
}

const givesRowid = ({ columns, place }: WrittenValue, table: KnownTable): boolean => {
  const given = columns.length === 0 ? [table.columns[place] ?? ''] : columns
  return given.some((name) => table.rowidNames.includes(name))
}

const guardedValue = (source: Source, { range, columns }: WrittenValue): readonly Edit[] => {
  const start = source.tokens[range.from]?.start ?? 0
  if (columns.length > 1) {
    refuse('a rowid that is set together with other columns', 'set the rowid by itself: SET id = …', start)
  }
  const end = source.tokens[range.end - 1]?.end ?? start
  return [
    { start, end: start, text: `(SELECT ${look('c')} FROM (SELECT (` },
    { start: end, end, text: ') AS c))' },
  ]
}

const guardedSelect = (
  source: Source,
  { range, columns }: { readonly range: TokenRange; readonly columns: readonly string[] | undefined },
  table: KnownTable,
): readonly Edit[] => {
  const given = columns ?? table.columns
  if (!given.some((name) => table.rowidNames.includes(name))) return []
  const name = unusedName(source.sql)
  const names = given.map((_, at) => `c${at}`)
  const results = given.map((column, at) => (table.rowidNames.includes(column) ? look(`c${at}`) : `c${at}`))
  const start = source.tokens[range.from]?.start ?? 0
  const end = source.tokens[range.end - 1]?.end ?? source.sql.length
  return [
    { start, end: start, text: `WITH ${name}(${names.join(',')}) AS (` },
    // Without WHERE, an ON CONFLICT behind it would be taken for a join's condition.
    { start: end, end, text: `) SELECT ${results.join(',')} FROM ${name} WHERE true` },
  ]
}

/** The CAST lends its affinity to the comparison, so that a text of the number is found as well. */
const look = (column: string): string =>
  `CASE ${column} WHEN CAST(${LAST} AS INTEGER) THEN ${markerSql('rowid')} ELSE ${column} END`

const HINT = 'take another number, or declare the key INTEGER PRIMARY KEY AUTOINCREMENT'
