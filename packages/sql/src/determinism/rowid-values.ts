import { Cursor } from '../cursor.js'
import { asciiLower } from '../identifier.js'
import type { TokenRange } from '../split.js'
import { skipConflictClause } from '../targets.js'
import { type InsertShape, insertShapeOf, verbOf } from './insert-shape.js'
import { type Source, splitAtCommas } from './source.js'

/** What INSERT, REPLACE and UPDATE give columns. Indexes are of tokens. */
export interface WrittenValues {
  /** The table that is written, in lower case. */
  readonly table: string
  /** Each expression in VALUES and behind SET, with the columns that get it. */
  readonly values: readonly WrittenValue[]
  /** A SELECT whose rows are inserted. */
  readonly select: { readonly range: TokenRange; readonly columns: readonly string[] | undefined } | undefined
}

/** One expression. Several columns get a row of values: `SET (a, b) = (SELECT …)`. */
export interface WrittenValue {
  readonly range: TokenRange
  /** In lower case; undefined where the place among the table's columns says it. */
  readonly columns: readonly string[] | undefined
  /** Which value of its row it is, from 0. */
  readonly at: number
}

/** Reads what a statement writes; undefined for one that is no INSERT, REPLACE or UPDATE. */
export const writtenValuesOf = (source: Source, range: TokenRange): WrittenValues | undefined => {
  const shape = insertShapeOf(source, range)
  if (shape === undefined) {
    const table = updatedTable(source, range)
    return table === undefined ? undefined : { table, values: assignmentsOf(source, range), select: undefined }
  }
  const { table, rows, columns } = shape
  const select = rows.kind === 'select' ? { range: rows.range, columns: columns?.names } : undefined
  return { table, values: [...rowValues(source, shape), ...assignmentsOf(source, range)], select }
}

/** A literal or a placeholder: its value is known before the statement runs. */
export const isPlain = (source: Source, { from, end }: TokenRange): boolean => {
  const isNegative = end - from === 2 && source.text(from) === '-' && source.type(from + 1) === 'number'
  if (isNegative) return true
  const type = source.type(from)
  const isLiteral = type === 'number' || type === 'string' || type === 'blob' || type === 'variable'
  return end - from === 1 && (isLiteral || source.keyword(from) === 'NULL')
}

/** Stands for whatever columns are given values by their place in the row. */
export const ANY_COLUMN = '*'

/**
 * The columns that get values nobody knows before the statement runs: expressions, or what a SELECT gives; in lower
 * case, with `ANY_COLUMN` for those that are not named.
 */
export const computedColumnsOf = (source: Source, range: TokenRange): readonly string[] => {
  const written = writtenValuesOf(source, range)
  if (written === undefined) return []
  const names = written.values
    .filter((value) => !isPlain(source, value.range))
    .flatMap(({ columns, at }) => (columns === undefined ? ANY_COLUMN : (columns[at] ?? columns)))
  const selected = written.select === undefined ? [] : (written.select.columns ?? [ANY_COLUMN])
  return [...new Set([...names, ...selected])]
}

const rowValues = (source: Source, { rows, columns }: InsertShape): readonly WrittenValue[] =>
  rows.kind !== 'values'
    ? []
    : rows.rows.flatMap(({ open, close }) =>
        splitAtCommas(source, { from: open + 1, end: close }).map((range, at) => ({
          range,
          columns: columns?.names,
          at,
        })),
      )

const updatedTable = (source: Source, range: TokenRange): string | undefined => {
  const cursor = new Cursor(source.sql, source.tokens, verbOf(source, range), range.end)
  if (!cursor.accept('UPDATE')) return undefined
  skipConflictClause(cursor)
  return asciiLower(cursor.qualifiedName().name)
}

/** What follows the assignments of UPDATE and of an upsert. */
const ENDS: ReadonlySet<string> = new Set(['WHERE', 'FROM', 'RETURNING', 'ORDER', 'LIMIT', 'ON'])

/** SET is a reserved word: outside of parentheses it can only be the clause; an upsert may have several. */
const assignmentsOf = (source: Source, { from, end }: TokenRange): readonly WrittenValue[] => {
  const found: WrittenValue[] = []
  const next = (at: number): number => (source.type(at) === 'lparen' ? source.close(at) + 1 : at + 1)
  for (let at = from; at < end; at = next(at)) {
    if (source.keyword(at) !== 'SET') continue
    let last = at + 1
    while (last < end && !isEnd(source, last)) last = next(last)
    const assigned = splitAtCommas(source, { from: at + 1, end: Math.min(last, end) })
    found.push(...assigned.flatMap((assignment) => assignmentOf(source, assignment)))
  }
  return found
}

/** `a IS DISTINCT FROM b` goes on. */
const isEnd = (source: Source, at: number): boolean =>
  ENDS.has(source.keyword(at)) && !(source.keyword(at) === 'FROM' && source.keyword(at - 1) === 'DISTINCT')

/** `name = …` or `(names) = …` */
const assignmentOf = (source: Source, { from, end }: TokenRange): readonly WrittenValue[] => {
  if (source.type(from) !== 'lparen') {
    return [{ range: { from: from + 2, end }, columns: [source.name(from)], at: 0 }]
  }
  const close = source.close(from)
  const names = splitAtCommas(source, { from: from + 1, end: close }).map((name) => source.name(name.from))
  const range = { from: close + 2, end }
  if (names.length === 1) return [{ range, columns: names, at: 0 }]
  const isRow =
    source.type(range.from) === 'lparen' && !['SELECT', 'WITH', 'VALUES'].includes(source.keyword(range.from + 1))
  if (!isRow) return [{ range, columns: names, at: names.length }]
  const values = splitAtCommas(source, { from: range.from + 1, end: source.close(range.from) })
  return values.map((value, at) => ({ range: value, columns: names, at }))
}
