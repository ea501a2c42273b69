import { asciiLower, quoteIdentifier } from '../identifier.js'
import { applyEdits, type Edit } from './edits.js'
import { type InsertShape, insertShapeOf } from './insert-shape.js'
import type { KnownSchema, VolatileDefault } from './known-schema.js'
import type { Source } from './source.js'

/**
 * Names the columns that an INSERT or REPLACE omits and whose default differs by time or call, and writes their defaults'
 * expressions into each row. Parameters keep their numbers. Undefined when there is nothing to add.
 */
export const completeInsert = (source: Source, schema: KnownSchema): string | undefined => {
  const shape = insertShapeOf(source, { from: 0, end: source.tokens.length })
  const missing = shape === undefined ? [] : omittedDefaults(shape, schema)
  return shape === undefined || missing.length === 0 ? undefined : completed(source, shape, missing)
}

/** The defaults that an INSERT leaves to SQLite. */
export const omittedDefaults = (shape: InsertShape, schema: KnownSchema): readonly VolatileDefault[] => {
  const defaults = schema.get(shape.table)?.defaults ?? []
  if (shape.rows.kind === 'defaults') return defaults
  const { columns } = shape
  return columns === undefined ? [] : defaults.filter(({ column }) => !columns.names.includes(asciiLower(column)))
}

const completed = (source: Source, shape: InsertShape, missing: readonly VolatileDefault[]): string => {
  const names = missing.map(({ column }) => quoteIdentifier(column)).join(', ')
  const values = missing.map(({ expression }) => expression).join(', ')
  const edits: Edit[] = []
  const before = (token: number, text: string): void => {
    const at = source.tokens[token]?.start ?? source.sql.length
    edits.push({ start: at, end: at, text })
  }
  if (shape.columns !== undefined) before(shape.columns.close, `, ${names}`)
  const { rows } = shape
  switch (rows.kind) {
    case 'defaults': {
      const start = source.tokens[rows.range.from]?.start ?? 0
      const end = source.tokens[rows.range.end - 1]?.end ?? start
      edits.push({ start, end, text: `(${names}) VALUES (${values})` })
      break
    }
    case 'values':
      for (const { close } of rows.rows) before(close, `, ${values}`)
      break
    case 'select': {
      before(rows.range.from, `SELECT *, ${values} FROM (`)
      const end = source.tokens[rows.range.end - 1]?.end ?? source.sql.length
      // Without WHERE, an ON CONFLICT behind it would be taken for a join's condition.
      edits.push({ start: end, end, text: ') WHERE true' })
      break
    }
  }
  return applyEdits(source.sql, edits)
}
