import type { Token } from './token.js'

/** Lower case of ASCII letters only: SQLite compares names so, and `'K'` (the Kelvin sign) must not become `k`. */
export const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** Upper case of ASCII letters only. */
export const asciiUpper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

/** The name that a `word`, `quoted` or `string` token stands for (SQLite takes strings as names where only a name fits). */
export const nameOf = (sql: string, token: Token): string => {
  if (token.type === 'word') return sql.slice(token.start, token.end)
  const quote = sql.charAt(token.start)
  const inner = sql.slice(token.start + 1, token.end - 1)
  return quote === '[' ? inner : inner.replaceAll(quote + quote, quote)
}

/** An identifier in double quotes, whatever it contains (https://sqlite.org/lang_keywords.html). */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text as a string literal. NUL would end the statement: see `textLiteral`. */
export const quoteString = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A name for a common table around a statement that occurs nowhere in its text. */
export const unusedName = (sql: string): string => {
  const used = new Set(sql.match(/_dbc\d*/gi)?.map(asciiLower))
  let name = '_dbc'
  for (let next = 1; used.has(name); next++) name = `_dbc${next}`
  return name
}

const RESERVED_PREFIXES = ['sqlite_', '_rqlite', '_dbcluster']

/** Whether a table belongs to SQLite, rqlite or dbcluster; compared as SQLite compares names. */
export const isReservedName = (name: string): boolean => {
  const lower = asciiLower(name)
  return RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))
}
