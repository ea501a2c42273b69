import type { Cursor } from './cursor.js'
import { asciiLower } from './identifier.js'
import { refusal } from './refusals.js'

/** What may follow the name of an allowed PRAGMA: nothing, or one argument (`(x)` and `= x` are the same to SQLite). */
type ArgumentShape = 'none' | 'optional'

/**
 * The PRAGMAs that only look (https://sqlite.org/pragma.html). Those of shape `none` would set something if they had an
 * argument. `database_list` is not here: it shows paths of the host.
 */
const ALLOWED: ReadonlyMap<string, ArgumentShape> = new Map<string, ArgumentShape>([
  ['application_id', 'none'],
  ['collation_list', 'none'],
  ['compile_options', 'none'],
  ['encoding', 'none'],
  ['foreign_key_check', 'optional'],
  ['foreign_key_list', 'optional'],
  ['foreign_keys', 'none'],
  ['freelist_count', 'none'],
  ['function_list', 'none'],
  ['index_info', 'optional'],
  ['index_list', 'optional'],
  ['index_xinfo', 'optional'],
  ['integrity_check', 'optional'],
  ['module_list', 'none'],
  ['page_count', 'none'],
  ['page_size', 'none'],
  ['pragma_list', 'none'],
  ['quick_check', 'optional'],
  ['schema_version', 'none'],
  ['table_info', 'optional'],
  ['table_list', 'optional'],
  ['table_xinfo', 'optional'],
  ['user_version', 'none'],
])

const HINT = `the PRAGMAs that work here only look: ${[...ALLOWED.keys()].join(', ')}`

/** What tools for migrations say before they rebuild a table. */
const FOREIGN_KEY_SWITCHES: ReadonlySet<string> = new Set(['defer_foreign_keys', 'foreign_keys'])
const FOREIGN_KEYS_HINT =
  'foreign keys are on or off for the whole life of a database (database.foreign_keys of the node that creates it). ' +
  'Where they are on, dropping a table acts on the rows that refer to it as DELETE does: a migration that rebuilds one puts those rows aside first'

const hintFor = (name: string): string => (FOREIGN_KEY_SWITCHES.has(asciiLower(name)) ? FOREIGN_KEYS_HINT : HINT)

/**
 * Whether the table-valued function `pragma_…` of this name only looks. It takes its argument as data and never sets
 * anything, but some act (`pragma_optimize`) and some show paths.
 */
export const isAllowedPragmaFunction = (name: string): boolean => ALLOWED.has(asciiLower(name).slice('pragma_'.length))

/** Reads the rest of a PRAGMA, whose keyword has been passed. @throws DbClusterError `SQL_FORBIDDEN`, `SQL_ERROR` */
export const readPragma = (cursor: Cursor): void => {
  const { schema, name, offset } = cursor.qualifiedName()
  const shape = ALLOWED.get(asciiLower(name))
  if (shape === undefined) {
    throw refusal('SQL_FORBIDDEN', `PRAGMA ${name.slice(0, 64)} is not allowed`, hintFor(name), offset)
  }
  if (schema !== undefined && asciiLower(schema) !== 'main') {
    throw refusal('SQL_FORBIDDEN', 'a PRAGMA may only name the schema main', 'leave the schema out', offset)
  }
  if (cursor.done) return
  if (shape === 'none') {
    throw refusal('SQL_FORBIDDEN', `PRAGMA ${name.slice(0, 64)} can be read here, not set`, hintFor(name), offset)
  }
  readArgument(cursor)
  if (!cursor.done) throw cursor.unexpected('a PRAGMA ends after its argument')
}

const readArgument = (cursor: Cursor): void => {
  const parenthesized = cursor.isType('lparen')
  const assigned = cursor.isType('operator') && cursor.text() === '='
  if (!parenthesized && !assigned) throw cursor.unexpected('a PRAGMA takes one argument: (name)')
  cursor.advance()
  if (cursor.isType('operator') && ['-', '+'].includes(cursor.text())) cursor.advance()
  if (cursor.isType('number')) cursor.advance()
  else cursor.name()
  if (!parenthesized) return
  if (!cursor.isType('rparen')) throw cursor.unexpected('expected ")"')
  cursor.advance()
}
