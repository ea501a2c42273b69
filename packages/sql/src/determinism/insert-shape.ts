import { Cursor } from '../cursor.js'
import { asciiLower, nameOf } from '../identifier.js'
import type { TokenRange } from '../split.js'
import { skipConflictClause } from '../targets.js'
import { isConflictClause } from './once.js'
import type { Source } from './source.js'

/** How an INSERT or REPLACE is built. Indexes are of tokens. */
export interface InsertShape {
  /** Unquoted, in lower case. */
  readonly table: string
  /** OR IGNORE and its like. */
  readonly orClause: string
  /** Column names in lower case, and the parenthesis behind them; undefined without a list. */
  readonly columns: { readonly names: readonly string[]; readonly close: number } | undefined
  /** `DEFAULT VALUES`, the parentheses around each row of VALUES, or the SELECT as a range. */
  readonly rows:
    | { readonly kind: 'defaults'; readonly range: TokenRange }
    | { readonly kind: 'values'; readonly rows: readonly { readonly open: number; readonly close: number }[] }
    | { readonly kind: 'select'; readonly range: TokenRange }
  /** ON CONFLICT … follows. */
  readonly upsert: boolean
}

/** Reads an INSERT or REPLACE, also behind WITH; undefined for other statements. */
export const insertShapeOf = (source: Source, range: TokenRange): InsertShape | undefined => {
  const cursor = new Cursor(source.sql, source.tokens, verbOf(source, range), range.end)
  const verb = cursor.keyword()
  if ((verb !== 'INSERT' && verb !== 'REPLACE') || !isVerb(source, cursor.index)) return undefined
  cursor.advance()
  const orClause = cursor.keyword() === 'OR' ? cursor.keyword(1) : ''
  if (verb === 'INSERT') skipConflictClause(cursor)
  cursor.expect('INTO')
  const table = asciiLower(cursor.qualifiedName().name)
  if (cursor.accept('AS')) cursor.name()
  const columns = cursor.isType('lparen') ? readColumns(source, cursor) : undefined
  const from = cursor.index
  const end = endOfRows(source, from, range.end)
  const upsert = isConflictClause(source, end)
  return { table, orClause, columns, rows: rowsOf(source, { from, end }), upsert }
}

/** The token of a statement's verb: behind the common tables of a WITH clause. */
export const verbOf = (source: Source, { from, end }: TokenRange): number => {
  if (source.keyword(from) !== 'WITH') return from
  let at = from
  while (at < end && !isVerb(source, at)) at = source.type(at) === 'lparen' ? source.close(at) + 1 : at + 1
  return at
}

/** A common table may be named REPLACE; then AS or its columns follow. */
const isVerb = (source: Source, at: number): boolean => {
  const isInsert = ['INSERT', 'REPLACE'].includes(source.keyword(at)) && ['INTO', 'OR'].includes(source.keyword(at + 1))
  return isInsert || ['SELECT', 'VALUES', 'UPDATE', 'DELETE'].includes(source.keyword(at))
}

const readColumns = (source: Source, cursor: Cursor): InsertShape['columns'] => {
  const open = cursor.index
  const close = source.close(open)
  const names = source.tokens
    .slice(open + 1, close)
    .filter(({ type }) => type !== 'comma')
    .map((token) => asciiLower(nameOf(source.sql, token)))
  cursor.skipParentheses()
  return { names, close }
}

const endOfRows = (source: Source, from: number, end: number): number => {
  let at = from
  while (at < end && source.keyword(at) !== 'RETURNING' && !isConflictClause(source, at)) {
    at = source.type(at) === 'lparen' ? source.close(at) + 1 : at + 1
  }
  return Math.min(at, end)
}

const rowsOf = (source: Source, range: TokenRange): InsertShape['rows'] => {
  if (source.keyword(range.from) === 'DEFAULT') return { kind: 'defaults', range }
  if (source.keyword(range.from) !== 'VALUES') return { kind: 'select', range }
  const rows: { readonly open: number; readonly close: number }[] = []
  for (let at = range.from + 1; at < range.end; ) {
    if (source.type(at) !== 'lparen') return { kind: 'select', range } // VALUES … UNION …
    const close = source.close(at)
    rows.push({ open: at, close })
    if (close + 1 < range.end && source.type(close + 1) !== 'comma') return { kind: 'select', range }
    at = close + 2
  }
  return { kind: 'values', rows }
}
