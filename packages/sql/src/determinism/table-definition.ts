import { asciiLower, nameOf } from '../identifier.js'
import type { TokenRange } from '../split.js'
import { type Source, splitAtCommas } from './source.js'

/** One column as CREATE TABLE or ALTER TABLE ADD defines it. */
export interface ColumnDefinition {
  /** Unquoted, as it is written. */
  readonly name: string
  /** The expression behind each DEFAULT (the last one counts), its parentheses included. */
  readonly defaults: readonly TokenRange[]
  /** Computed from others: no INSERT gives it a value. */
  readonly generated: boolean
  /** Another name of the rowid. */
  readonly integerKey: boolean
}

/** A CREATE TABLE with its columns. */
export interface TableDefinition {
  readonly columns: readonly ColumnDefinition[]
  /** What follows the closing parenthesis. */
  readonly options: TokenRange
}

const TABLE_CONSTRAINTS: ReadonlySet<string> = new Set(['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'])

/** Reads `( … )` of a CREATE TABLE; `open` is its parenthesis (https://sqlite.org/lang_createtable.html). */
export const readTableDefinition = (source: Source, open: number): TableDefinition => {
  const close = source.close(open)
  const items = splitAtCommas(source, { from: open + 1, end: close })
  const columns = items.filter(({ from }) => !TABLE_CONSTRAINTS.has(source.keyword(from)))
  const keys = items.filter(({ from }) => TABLE_CONSTRAINTS.has(source.keyword(from)))
  const keyed = keys.map((item) => keyColumnOf(source, item))
  return {
    columns: columns.map((item) => {
      const column = readColumn(source, item)
      const isKey = isInteger(source, item) && keyed.includes(asciiLower(column.name))
      return { ...column, integerKey: column.integerKey || isKey }
    }),
    options: { from: close + 1, end: source.tokens.length },
  }
}

/** Reads one column's definition. */
export const readColumn = (source: Source, { from, end }: TokenRange): ColumnDefinition => {
  const token = source.tokens[from]
  const defaults: TokenRange[] = []
  let generated = false
  let key = false
  for (let at = from + 1; at < end; at++) {
    if (source.keyword(at) === 'AS' && source.type(at + 1) === 'lparen') generated = true
    if (source.keyword(at) === 'PRIMARY' && source.keyword(at + 1) === 'KEY') key = true
    if (source.type(at) === 'lparen') {
      at = source.close(at)
      continue
    }
    // ON DELETE SET DEFAULT is no definition of one.
    if (source.keyword(at) !== 'DEFAULT' || source.keyword(at - 1) === 'SET') continue
    const first = at + 1
    const last = source.type(first) === 'lparen' ? source.close(first) : isSign(source, first) ? first + 1 : first
    defaults.push({ from: first, end: Math.min(end, last + 1) })
    at = last
  }
  const name = token === undefined ? '' : nameOf(source.sql, token)
  return { name, defaults, generated, integerKey: key && isInteger(source, { from, end }) }
}

/** Only the type INTEGER itself makes a primary key the rowid. */
const isInteger = (source: Source, { from }: TokenRange): boolean => source.name(from + 1) === 'integer'

/** The column of a table's PRIMARY KEY (column), in lower case; undefined for other constraints. */
const keyColumnOf = (source: Source, { from, end }: TokenRange): string | undefined => {
  for (let at = from; at < end; at++) {
    if (source.keyword(at) !== 'PRIMARY' || source.keyword(at + 1) !== 'KEY') continue
    const [column, second] = splitAtCommas(source, { from: at + 3, end: source.close(at + 2) })
    return second === undefined && column !== undefined ? source.name(column.from) : undefined
  }
  return undefined
}

const isSign = (source: Source, at: number): boolean => ['-', '+'].includes(source.text(at))

/** Index of the parenthesis behind the name of a CREATE TABLE; undefined for CREATE TABLE … AS SELECT. */
export const columnsOf = (source: Source): number | undefined => {
  let at = source.keyword(0) === 'CREATE' && source.keyword(1) === 'TABLE' ? 2 : source.tokens.length
  if (source.keyword(at) === 'IF') at += 3
  if (source.type(at + 1) === 'dot') at += 2
  return source.type(at + 1) === 'lparen' ? at + 1 : undefined
}

/** Whether two names are the same to SQLite. */
export const sameName = (one: string, other: string): boolean => asciiLower(one) === asciiLower(other)
