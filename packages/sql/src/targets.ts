import type { Cursor, QualifiedName } from './cursor.js'
import { asciiLower, isReservedName } from './identifier.js'
import { refusal } from './refusals.js'

/**
 * Of SQLite's own tables the one that applications write: resetting AUTOINCREMENT counters is documented
 * (https://sqlite.org/autoinc.html), and query builders do it to empty a table.
 */
const WRITABLE_RESERVED = 'sqlite_sequence'

/** Checks the table that an INSERT, UPDATE or DELETE writes. @throws DbClusterError `SQL_FORBIDDEN` */
export const checkWriteTarget = (target: QualifiedName): QualifiedName =>
  asciiLower(target.name) === WRITABLE_RESERVED ? checkSchema(target) : checkOwnName(target)

/** Checks the name of an object that is created, altered or dropped. @throws DbClusterError `SQL_FORBIDDEN` */
export const checkOwnName = (target: QualifiedName): QualifiedName => {
  if (isReservedName(target.name)) {
    const hint = 'names that begin with sqlite_, _rqlite or _dbcluster belong to the system; take another one'
    throw refusal('SQL_FORBIDDEN', `${target.name.slice(0, 64)} is a reserved name`, hint, target.offset)
  }
  return checkSchema(target)
}

const checkSchema = (target: QualifiedName): QualifiedName => {
  if (target.schema === undefined || asciiLower(target.schema) === 'main') return target
  const hint = 'there is one schema, main: temporary objects would exist on one connection of one replica only'
  throw refusal('SQL_FORBIDDEN', `the schema ${target.schema.slice(0, 64)} cannot be written`, hint, target.offset)
}

const CONFLICT_ACTIONS: ReadonlySet<string> = new Set(['ABORT', 'FAIL', 'IGNORE', 'REPLACE', 'ROLLBACK'])

/** Passes `OR IGNORE` and its like. */
export const skipConflictClause = (cursor: Cursor): void => {
  if (cursor.keyword() === 'OR' && CONFLICT_ACTIONS.has(cursor.keyword(1))) cursor.advance(2)
}
