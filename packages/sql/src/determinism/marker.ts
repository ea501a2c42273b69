import { asciiLower, nameOf, quoteString } from '../identifier.js'
import { significantTokens } from '../lexer.js'
import type { Token } from '../token.js'

/*
 * What may not be evaluated by a replica is stored as an expression that always fails, with a text that carries the
 * original. JSON functions are built into every SQLite that rqlite has, and quote a bad path in their error.
 */

/** Begins the path of every marker; part of SQLite's error when one is evaluated. */
const MARKER = 'dbcluster volatile'
const DEFAULT = `${MARKER} default: `

/** Fails where a time value turns out to be `'now'` inside of a trigger. */
export const NOW_MARKER_SQL = `json_extract('{}','${MARKER} time value')`

/** Fails where a computed rowid turns out to be the largest there is. */
const LARGEST_ROWID = 'dbcluster largest rowid'
export const LARGEST_ROWID_SQL = `json_extract('{}','${LARGEST_ROWID}')`

/** Whether an error of SQLite says that a statement computed the largest rowid there is. */
export const isLargestRowidError = (message: string): boolean => message.includes(LARGEST_ROWID)

/** The stored form of a default; `original` as it stands behind DEFAULT, parentheses included. */
export const encodeDefault = (original: string): string => `(json_extract('{}',${quoteString(DEFAULT + original)}))`

/** Whether an error of SQLite says that a marker was evaluated: the statement was written for an older schema. */
export const isMarkerError = (message: string): boolean => message.includes(MARKER)

/** What a stored default (without the parentheses around it) was made of; undefined when it is no marker. */
export const originalDefault = (stored: string): string | undefined => {
  if (!stored.includes(DEFAULT)) return undefined
  const tokens = significantTokens(stored)
  return tokens.length === MARKER_TOKENS ? originalAt(stored, tokens, 0) : undefined
}

/** The original of a default as `PRAGMA table_xinfo` would show it; what is no marker comes back as it is. */
export const decodeDefault = (stored: string): string => {
  const original = originalDefault(stored)
  if (original === undefined) return stored
  return original.startsWith('(') ? original.slice(1, -1).trim() : original
}

/** A schema's text as it was written, before its defaults were encoded. */
export const restoreDefaults = (sql: string): string => {
  if (!sql.includes(DEFAULT)) return sql
  const tokens = significantTokens(sql)
  let restored = ''
  let from = 0
  for (let at = 0; at < tokens.length; at++) {
    const original = originalAt(sql, tokens, at)
    const open = tokens[at - 1]
    const close = tokens[at + MARKER_TOKENS]
    if (original === undefined || open?.type !== 'lparen' || close?.type !== 'rparen') continue
    restored += sql.slice(from, open.start) + original
    from = close.end
  }
  return restored + sql.slice(from)
}

/** `json_extract ( '{}' , '…' )` */
const MARKER_TOKENS = 6

const originalAt = (sql: string, tokens: readonly Token[], at: number): string | undefined => {
  const [name, open, , comma, text, close] = tokens.slice(at, at + MARKER_TOKENS)
  if (name?.type !== 'word' || asciiLower(sql.slice(name.start, name.end)) !== 'json_extract') return undefined
  if (open?.type !== 'lparen' || comma?.type !== 'comma' || text?.type !== 'string' || close?.type !== 'rparen') {
    return undefined
  }
  const value = nameOf(sql, text)
  return value.startsWith(DEFAULT) ? value.slice(DEFAULT.length) : undefined
}
