import { Cursor } from './cursor.js'
import { significantTokens } from './lexer.js'
import type { Token } from './token.js'

/** One statement as a range of significant tokens, `from` inclusive and `end` exclusive. Never empty. */
export interface TokenRange {
  readonly from: number
  readonly end: number
}

/** One statement of a longer text. */
export interface StatementSpan {
  /** From its first to its last token: without the semicolon and what surrounds it. */
  readonly sql: string
  readonly start: number
  readonly end: number
}

/**
 * Splits a text into its statements, empty ones dropped. Semicolons in strings, identifiers, comments, trigger bodies
 * and the arguments of a virtual table's module do not split. Never throws; what is broken fails when it is planned.
 */
export const splitStatements = (sql: string): readonly StatementSpan[] => {
  const tokens = significantTokens(sql)
  return splitTokens(sql, tokens).map((range) => spanOf(sql, tokens, range))
}

/** The text of one range. */
export const spanOf = (sql: string, tokens: readonly Token[], range: TokenRange): StatementSpan => {
  const start = tokens[range.from]?.start ?? 0
  const end = tokens[range.end - 1]?.end ?? start
  return { sql: sql.slice(start, end), start, end }
}

/** Like {@link splitStatements}, on significant tokens. */
export const splitTokens = (sql: string, tokens: readonly Token[]): readonly TokenRange[] => {
  const ranges: TokenRange[] = []
  for (let from = 0; from < tokens.length; ) {
    const end = statementEnd(sql, tokens, from)
    if (end > from) ranges.push({ from, end })
    from = end + 1
  }
  return ranges
}

const statementEnd = (sql: string, tokens: readonly Token[], from: number): number => {
  const body = bodyOf(new Cursor(sql, tokens, from))
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    const type = tokens[at]?.type
    if (type === 'lparen') depth++
    else if (type === 'rparen') depth--
    else if (type === 'semicolon' && (body === 'none' || isOutside(body, sql, tokens, at, depth))) return at
  }
  return tokens.length
}

const isOutside = (
  body: 'trigger' | 'module',
  sql: string,
  tokens: readonly Token[],
  at: number,
  depth: number,
): boolean =>
  body === 'module' ? depth <= 0 : tokens[at - 2]?.type === 'semicolon' && new Cursor(sql, tokens, at - 1).accept('END')

/**
 * Which statements may contain semicolons: triggers, whose body ends with the first `END` that follows a semicolon
 * (the grammar's only place for it, so `CASE … END` is no matter), and virtual tables, in whose arguments any token
 * may stand between balanced parentheses (https://sqlite.org/src/file/src/parse.y).
 */
const bodyOf = (cursor: Cursor): 'none' | 'trigger' | 'module' => {
  if (cursor.accept('EXPLAIN')) cursor.accept('QUERY', 'PLAN')
  if (!cursor.accept('CREATE')) return 'none'
  if (cursor.accept('VIRTUAL', 'TABLE')) return 'module'
  if (!cursor.accept('TEMP')) cursor.accept('TEMPORARY')
  return cursor.accept('TRIGGER') ? 'trigger' : 'none'
}
