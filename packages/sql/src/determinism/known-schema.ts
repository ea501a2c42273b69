import { asciiLower, nameOf } from '../identifier.js'
import type { StatementPlan } from '../plan.js'
import { type Source, sourceOf } from './source.js'
import { columnsOf, readColumn, readTableDefinition, sameName } from './table-definition.js'
import { volatileDefaultOf } from './volatile.js'

/** A column whose default differs by time or call. */
export interface VolatileDefault {
  readonly column: string
  /** The default's expression as it was written. */
  readonly expression: string
}

/** What is known of a table. */
export interface KnownTable {
  readonly defaults: readonly VolatileDefault[]
  /** Whether `INSERT … VALUES` sets last_insert_rowid() or fails: it has rowids, and nothing on it ignores rows. */
  readonly surelyInserts: boolean
  /** Columns that an INSERT without a list gives values to, in lower case. */
  readonly columns: readonly string[]
  /** Names under which rowids are written that SQLite chooses itself where they are left out, in lower case. */
  readonly rowidNames: readonly string[]
}

/** A database's tables, by name in lower case. */
export type KnownSchema = ReadonlyMap<string, KnownTable>

/** One row of sqlite_schema. */
export interface SchemaRow {
  readonly type: string
  readonly name: string
  /** The table that a trigger or index is on. */
  readonly table: string
  readonly sql: string
}

/** What the rows of sqlite_schema tell; only tables and triggers matter. */
export const knownSchemaOf = (rows: readonly SchemaRow[]): KnownSchema => {
  const ignoring = new Set(
    rows.filter(({ type, sql }) => type === 'trigger' && /\bIGNORE\b/i.test(sql)).map(({ table }) => asciiLower(table)),
  )
  const tables = rows.filter(({ type }) => type === 'table')
  return new Map(
    tables.map(({ name, sql }) => {
      const table = knownTableOf(sql)
      const key = asciiLower(name)
      return [key, ignoring.has(key) ? { ...table, surelyInserts: false } : table] as const
    }),
  )
}

const ROWID_NAMES = ['rowid', 'oid', '_rowid_']
const VIRTUAL_ROWID_NAMES = [...ROWID_NAMES, 'docid']

/** What the text of a CREATE TABLE tells; stored defaults are read as what they stand for. */
export const knownTableOf = (sql: string): KnownTable => {
  const source = sourceOf(sql)
  const open = columnsOf(source)
  // A virtual table: FTS keeps its rows under rowids that it lets SQLite choose.
  if (open === undefined) return { defaults: [], surelyInserts: false, columns: [], rowidNames: VIRTUAL_ROWID_NAMES }
  const { columns, options } = readTableDefinition(source, open)
  const defaults = columns.flatMap(({ name, defaults: ranges }) => {
    const last = ranges.at(-1)
    const expression = last === undefined ? undefined : volatileDefaultOf(source, last)
    return expression === undefined ? [] : [{ column: name, expression }]
  })
  const hasRowid = !/\bROWID\b/i.test(source.slice(options))
  const keys = columns.filter(({ integerKey }) => integerKey).map(({ name }) => asciiLower(name))
  // With AUTOINCREMENT the largest rowid is an error for what comes after it.
  const chosen = hasRowid && !/\bAUTOINCREMENT\b/i.test(sql)
  return {
    defaults,
    surelyInserts: hasRowid && !/\bIGNORE\b/i.test(sql),
    columns: columns.filter(({ generated }) => !generated).map(({ name }) => asciiLower(name)),
    rowidNames: chosen ? [...ROWID_NAMES, ...keys] : [],
  }
}

/** The schema after a definition, for the statements behind it in the same request. */
export const afterDefinition = (schema: KnownSchema, plan: StatementPlan): KnownSchema => {
  if (plan.kind !== 'ddl' || plan.target === undefined) return schema
  const name = asciiLower(plan.target)
  const known = schema.get(name)
  const next = new Map(schema)
  switch (plan.verb) {
    case 'CREATE TABLE':
      if (plan.conditional && known !== undefined) return schema
      return next.set(name, knownTableOf(plan.sql))
    case 'DROP TABLE':
      next.delete(name)
      return next
    case 'ALTER TABLE':
      return known === undefined ? schema : afterAlter(next, name, known, sourceOf(plan.sql))
    case 'CREATE TRIGGER':
      if (!/\bIGNORE\b/i.test(plan.sql)) return schema
      return new Map([...schema].map(([key, table]) => [key, { ...table, surelyInserts: false }]))
    default:
      return schema
  }
}

const afterAlter = (next: Map<string, KnownTable>, name: string, known: KnownTable, source: Source): KnownSchema => {
  const { keyword, at } = alterActionOf(source)
  const column = nameAt(source, at)
  const lower = asciiLower(column)
  const without = known.defaults.filter((one) => !sameName(one.column, column))
  switch (keyword) {
    case 'ADD': {
      const { defaults, generated } = readColumn(source, { from: at, end: source.tokens.length })
      const last = defaults.at(-1)
      const expression = last === undefined ? undefined : volatileDefaultOf(source, last)
      const columns = generated ? known.columns : [...known.columns, lower]
      const added = expression === undefined ? without : [...without, { column, expression }]
      return next.set(name, { ...known, columns, defaults: added })
    }
    case 'DROP':
      return next.set(name, { ...known, defaults: without, columns: known.columns.filter((one) => one !== lower) })
    case 'RENAME': {
      if (source.keyword(at - 1) === 'TO') {
        next.delete(name)
        return next.set(asciiLower(column), known)
      }
      const renamed = nameAt(source, at + 2)
      const defaults = known.defaults.map((one) => (sameName(one.column, column) ? { ...one, column: renamed } : one))
      const rename = (one: string): string => (one === lower ? asciiLower(renamed) : one)
      const [columns, rowidNames] = [known.columns.map(rename), known.rowidNames.map(rename)]
      return next.set(name, { ...known, defaults, columns, rowidNames })
    }
    default:
      return next
  }
}

/** ADD, DROP or RENAME of an ALTER TABLE, and the token of the name that follows. */
export const alterActionOf = (source: Source): { readonly keyword: string; readonly at: number } => {
  const action = source.type(3) === 'dot' ? 5 : 3
  const next = ['COLUMN', 'TO'].includes(source.keyword(action + 1)) && source.tokens.length > action + 2
  return { keyword: source.keyword(action), at: action + (next ? 2 : 1) }
}

const nameAt = (source: Source, at: number): string => {
  const token = source.tokens[at]
  return token === undefined ? '' : nameOf(source.sql, token)
}
