import type { Cursor } from './cursor.js'
import { checkWriteTarget, skipConflictClause } from './targets.js'

/** Verbs of statements that read or change rows. */
export type DataVerb = 'SELECT' | 'VALUES' | 'INSERT' | 'REPLACE' | 'UPDATE' | 'DELETE'

/** What a statement on rows does. */
export interface DataStatement {
  readonly verb: DataVerb
  /** The table that is written; absent for reads. */
  readonly table?: string
  /** Whether a RETURNING clause gives rows back. */
  readonly returning: boolean
}

const DATA_VERBS: ReadonlySet<string> = new Set(['SELECT', 'VALUES', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE'])

/** Whether a keyword begins a statement on rows, `WITH` included. */
export const beginsDataStatement = (keyword: string): boolean => keyword === 'WITH' || DATA_VERBS.has(keyword)

const isDataVerb = (keyword: string): keyword is DataVerb => DATA_VERBS.has(keyword)

/**
 * Reads SELECT, VALUES, INSERT, REPLACE, UPDATE or DELETE, with or without a WITH clause before it, to the end of the
 * cursor's range.
 * @throws DbClusterError `SQL_ERROR` where it is not understood, `SQL_FORBIDDEN` for a table that may not be written
 */
export const readDataStatement = (cursor: Cursor): DataStatement => {
  if (cursor.accept('WITH')) skipCommonTables(cursor)
  const verb = cursor.keyword()
  if (!isDataVerb(verb)) throw cursor.unexpected('expected SELECT, VALUES, INSERT, REPLACE, UPDATE or DELETE')
  if (verb === 'SELECT' || verb === 'VALUES') return { verb, returning: false }
  cursor.advance()
  if (verb === 'INSERT' || verb === 'UPDATE') skipConflictClause(cursor)
  if (verb === 'INSERT' || verb === 'REPLACE') cursor.expect('INTO')
  if (verb === 'DELETE') cursor.expect('FROM')
  const table = checkWriteTarget(cursor.qualifiedName()).name
  return { verb, table, returning: hasReturning(cursor) }
}

/** `[RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (select), …` (https://sqlite.org/lang_with.html) */
const skipCommonTables = (cursor: Cursor): void => {
  cursor.accept('RECURSIVE')
  for (;;) {
    cursor.name()
    if (cursor.isType('lparen')) cursor.skipParentheses()
    cursor.expect('AS')
    if (!cursor.accept('MATERIALIZED')) cursor.accept('NOT', 'MATERIALIZED')
    cursor.skipParentheses()
    if (!cursor.isType('comma')) return
    cursor.advance()
  }
}

/** RETURNING is a reserved word: outside of parentheses it can only be the clause. */
const hasReturning = (cursor: Cursor): boolean => {
  let depth = 0
  for (; !cursor.done; cursor.advance()) {
    if (cursor.isType('lparen')) depth++
    else if (cursor.isType('rparen')) depth--
    else if (depth === 0 && cursor.keyword() === 'RETURNING') return true
  }
  return false
}
