import type { Cursor, QualifiedName } from './cursor.js'
import { asciiLower } from './identifier.js'
import { refusal } from './refusals.js'
import { checkOwnName } from './targets.js'
import { readTriggerRest } from './trigger.js'

/** Verbs of statements that change the schema or what SQLite derives from it. */
export type DefinitionVerb =
  | 'CREATE TABLE'
  | 'CREATE INDEX'
  | 'CREATE VIEW'
  | 'CREATE TRIGGER'
  | 'CREATE VIRTUAL TABLE'
  | 'DROP TABLE'
  | 'DROP INDEX'
  | 'DROP VIEW'
  | 'DROP TRIGGER'
  | 'ALTER TABLE'
  | 'REINDEX'
  | 'ANALYZE'

/** What a definition changes. */
export interface Definition {
  readonly verb: DefinitionVerb
  /** Name of the object that is created, altered or dropped; absent for REINDEX and ANALYZE. */
  readonly object?: string
  /** `IF NOT EXISTS` or `IF EXISTS`. */
  readonly conditional: boolean
  /** CREATE TABLE … AS SELECT. */
  readonly fromSelect: boolean
  /** Index of the token that names the table of CREATE INDEX. */
  readonly indexedTable?: number
}

const plain = (verb: DefinitionVerb, object?: QualifiedName, conditional = false): Definition => ({
  verb,
  ...(object === undefined ? {} : { object: object.name }),
  conditional,
  fromSelect: false,
})

/** Reads CREATE, its keyword passed. @throws DbClusterError `SQL_FORBIDDEN`, `SQL_ERROR` */
export const readCreate = (cursor: Cursor): Definition => {
  if (cursor.keyword() === 'TEMP' || cursor.keyword() === 'TEMPORARY') {
    const hint = 'a temporary object exists on one connection of one replica only; create it without TEMP'
    throw refusal('SQL_FORBIDDEN', 'temporary objects are not allowed', hint, cursor.peek()?.start)
  }
  if (cursor.accept('TABLE')) return readCreateTable(cursor)
  if (cursor.accept('VIRTUAL', 'TABLE')) return readCreateVirtualTable(cursor)
  if (cursor.accept('INDEX') || cursor.accept('UNIQUE', 'INDEX')) return readCreateIndex(cursor)
  const conditionalName = (): { name: QualifiedName; conditional: boolean } => {
    const conditional = cursor.accept('IF', 'NOT', 'EXISTS')
    return { conditional, name: checkOwnName(cursor.qualifiedName()) }
  }
  if (cursor.accept('VIEW')) {
    const { name, conditional } = conditionalName()
    return plain('CREATE VIEW', name, conditional)
  }
  if (cursor.accept('TRIGGER')) {
    const { name, conditional } = conditionalName()
    readTriggerRest(cursor)
    return plain('CREATE TRIGGER', name, conditional)
  }
  throw cursor.unexpected('CREATE makes a TABLE, INDEX, VIEW, TRIGGER or VIRTUAL TABLE')
}

const readCreateTable = (cursor: Cursor): Definition => {
  const conditional = cursor.accept('IF', 'NOT', 'EXISTS')
  const name = checkOwnName(cursor.qualifiedName())
  if (cursor.keyword() !== 'AS' && !cursor.isType('lparen')) throw cursor.unexpected('expected "(" or AS')
  return { ...plain('CREATE TABLE', name, conditional), fromSelect: cursor.keyword() === 'AS' }
}

const readCreateIndex = (cursor: Cursor): Definition => {
  const conditional = cursor.accept('IF', 'NOT', 'EXISTS')
  const name = checkOwnName(cursor.qualifiedName())
  cursor.expect('ON')
  const indexedTable = cursor.index
  checkOwnName({ schema: undefined, name: cursor.name(), offset: name.offset })
  if (!cursor.isType('lparen')) throw cursor.unexpected('expected "("')
  return { ...plain('CREATE INDEX', name, conditional), indexedTable }
}

/** Modules whose tables live inside the database and read nothing else. */
const MODULES: ReadonlySet<string> = new Set([
  'fts3',
  'fts3tokenize',
  'fts4',
  'fts4aux',
  'fts5',
  'fts5vocab',
  'rtree',
  'rtree_i32',
])

const readCreateVirtualTable = (cursor: Cursor): Definition => {
  const conditional = cursor.accept('IF', 'NOT', 'EXISTS')
  const name = checkOwnName(cursor.qualifiedName())
  cursor.expect('USING')
  const offset = cursor.peek()?.start
  const module = asciiLower(cursor.name())
  if (!MODULES.has(module)) {
    const hint = `use one of ${[...MODULES].join(', ')}`
    throw refusal('SQL_FORBIDDEN', `virtual tables of the module ${module.slice(0, 64)} are not allowed`, hint, offset)
  }
  if (module === 'fts3' || module === 'fts4') refuseFunctionOptions(cursor)
  return plain('CREATE VIRTUAL TABLE', name, conditional)
}

/** FTS3 and FTS4 paste the function names of these options into statements of their own. */
const refuseFunctionOptions = (cursor: Cursor): void => {
  for (; !cursor.done; cursor.advance()) {
    if (['COMPRESS', 'UNCOMPRESS'].includes(cursor.keyword())) {
      const hint = 'leave the options compress and uncompress out'
      throw refusal('SQL_FORBIDDEN', 'a full-text table cannot name functions', hint, cursor.peek()?.start)
    }
  }
}

/** Reads DROP, its keyword passed. @throws DbClusterError `SQL_FORBIDDEN`, `SQL_ERROR` */
export const readDrop = (cursor: Cursor): Definition => {
  const kind = (['TABLE', 'INDEX', 'VIEW', 'TRIGGER'] as const).find((keyword) => cursor.accept(keyword))
  if (kind === undefined) throw cursor.unexpected('DROP takes a TABLE, INDEX, VIEW or TRIGGER')
  const conditional = cursor.accept('IF', 'EXISTS')
  const name = checkOwnName(cursor.qualifiedName())
  if (!cursor.done) throw cursor.unexpected('DROP takes one name')
  return plain(`DROP ${kind}`, name, conditional)
}

/** Reads ALTER TABLE, `ALTER` passed. @throws DbClusterError `SQL_FORBIDDEN`, `SQL_ERROR` */
export const readAlter = (cursor: Cursor): Definition => {
  cursor.expect('TABLE')
  const name = checkOwnName(cursor.qualifiedName())
  if (cursor.accept('RENAME', 'TO')) checkOwnName(cursor.qualifiedName())
  return plain('ALTER TABLE', name)
}

/** Reads REINDEX or ANALYZE, the keyword passed. @throws DbClusterError `SQL_ERROR` */
export const readMaintenance = (cursor: Cursor, verb: 'REINDEX' | 'ANALYZE'): Definition => {
  if (!cursor.done) cursor.qualifiedName()
  if (!cursor.done) throw cursor.unexpected(`${verb} takes one name at most`)
  return plain(verb)
}
