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

/** One expression, and what gets its value. */
export interface WrittenValue {
  readonly range: TokenRange
  /** The column, in lower case; several for `SET (a, b) = (SELECT …)`; none where its place in the row says which. */
  readonly columns: readonly string[]
  /** Which value of its row it is, from 0. */
  readonly place: number
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
    .filter(({ range: value }) => !isPlain(source, value))
    .flatMap(({ columns }) => (columns.length === 0 ? [ANY_COLUMN] : columns))
  const selected = written.select === undefined ? [] : (written.select.columns ?? [ANY_COLUMN])
  return [...new Set([...names, ...selected])]
}

const rowValues = (source: Source, { rows, columns }: InsertShape): readonly WrittenValue[] => {
  if (rows.kind !== 'values') return []
  const names = columns?.names
  return rows.rows.flatMap(({ open, close }) =>
    splitAtCommas(source, { from: open + 1, end: close }).map((range, place) => ({
      range,
      columns: names === undefined ? [] : [names[place] ?? ''],
      place,
    })),
  )
}

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
  for (let at = from; at < end; ) {
    if (source.keyword(at) !== 'SET') {
      at = next(at)
      continue
    }
    const first = at + 1
    at = first
    while (at < end && !isEnd(source, at)) at = next(at)
    const assigned = splitAtCommas(source, { from: first, end: Math.min(at, end) })
    for (const assignment of assigned) found.push(...assignmentOf(source, assignment))
  }
  return found
}

/** `a IS DISTINCT FROM b` goes on. */
const isEnd = (source: Source, at: number): boolean =>
  ENDS.has(source.keyword(at)) && !(source.keyword(at) === 'FROM' && source.keyword(at - 1) === 'DISTINCT')

/** `name = …` or `(names) = …` */
const assignmentOf = (source: Source, { from, end }: TokenRange): readonly WrittenValue[] => {
  if (source.type(from) !== 'lparen') {
    return [{ range: { from: from + 2, end }, columns: [source.name(from)], place: 0 }]
  }
  const close = source.close(from)
  const columns = splitAtCommas(source, { from: from + 1, end: close }).map((name) => source.name(name.from))
  const range = { from: close + 2, end }
  const isRow = source.type(range.from) === 'lparen' && !SUBQUERY.has(source.keyword(range.from + 1))
  if (columns.length === 1 || !isRow) return [{ range, columns, place: 0 }]
  const values = splitAtCommas(source, { from: range.from + 1, end: source.close(range.from) })
  return values.map((value, place) => ({ range: value, columns: [columns[place] ?? ''], place }))
}

const SUBQUERY: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES'])
