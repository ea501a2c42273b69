import { asciiLower, nameOf, quoteString } from '../identifier.js'
import { significantTokens } from '../lexer.js'
import type { Token } from '../token.js'

/*
 * What may not be evaluated by a replica is stored as an expression that always fails, with a text that carries the
 * original. JSON functions are built into every SQLite that rqlite has, and quote a bad path in their error.
 */

/** Begins the path of a marker, which is part of SQLite's error when it is evaluated; a default's original follows. */
const PATHS = {
  default: 'dbcluster volatile default: ',
  time: 'dbcluster volatile time value',
  rowid: 'dbcluster largest rowid',
} as const

/**
 * What a marker stands for: a default that differs by time or call, a time value that turned out to be `'now'` inside of a
 * trigger or view, a computed rowid that turned out to be the largest there is.
 */
export type Marker = keyof typeof PATHS

/** Fails with a marker's text. */
export const markerSql = (marker: 'time' | 'rowid'): string => `json_extract('{}','${PATHS[marker]}')`

/** The marker that was evaluated, as an error of SQLite tells; undefined when none was. */
export const markerIn = (message: string): Marker | undefined =>
  (Object.keys(PATHS) as Marker[]).find((marker) => message.includes(PATHS[marker]))

/** The stored form of a default; `original` as it stands behind DEFAULT, parentheses included. */
export const encodeDefault = (original: string): string =>
  `(json_extract('{}',${quoteString(PATHS.default + original)}))`

/** What a stored default (without the parentheses around it) was made of; undefined when it is no marker. */
export const originalDefault = (stored: string): string | undefined => {
  if (!stored.includes(PATHS.default)) return undefined
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
  if (!sql.includes(PATHS.default)) return sql
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
  return value.startsWith(PATHS.default) ? value.slice(PATHS.default.length) : undefined
}
