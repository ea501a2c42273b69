import { isDigit, isHexDigit, isIdentifierPart, isSpace } from './char-classes.js'
import type { TokenType } from './token.js'

/*
 * One function per kind of token: given the text and where the token begins, its type and where it ends.
 * `charCodeAt` past the end is NaN, which no class contains, so the loops need no separate bound.
 */

/** What a scan function found: the token begins where it was called and ends at `end`. */
export interface Scanned {
  readonly type: TokenType
  readonly end: number
}

const found = (type: TokenType, end: number): Scanned => ({ type, end })

const skip = (sql: string, from: number, accepts: (code: number) => boolean): number => {
  let at = from
  while (accepts(sql.charCodeAt(at))) at++
  return at
}

/** A run of white space; its first character is already known to be one. */
export const scanSpace = (sql: string, start: number): Scanned => found('space', skip(sql, start + 1, isSpace))

/** `--` to the end of the line, the newline left outside. */
export const scanLineComment = (sql: string, start: number): Scanned => {
  const newline = sql.indexOf('\n', start + 2)
  return found('comment', newline < 0 ? sql.length : newline)
}

/** A block comment; unclosed it runs to the end of the text. `/*` as the very last characters is no comment. */
export const scanSlash = (sql: string, start: number): Scanned => {
  if (sql[start + 1] !== '*' || start + 2 >= sql.length) return found('operator', start + 1)
  const close = sql.indexOf('*/', start + 2)
  return found('comment', close < 0 ? sql.length : close + 2)
}

/** `'…'`, `"…"` or `` `…` ``: the quote doubled stands for itself. Unclosed is illegal to the end of the text. */
export const scanQuoted = (sql: string, start: number): Scanned => {
  const quote = sql.charAt(start)
  let at = start + 1
  for (;;) {
    at = sql.indexOf(quote, at)
    if (at < 0) return found('illegal', sql.length)
    if (sql.charAt(at + 1) !== quote) return found(quote === "'" ? 'string' : 'quoted', at + 1)
    at += 2
  }
}

/** `[…]`, in which nothing is escaped. */
export const scanBracketed = (sql: string, start: number): Scanned => {
  const close = sql.indexOf(']', start + 1)
  return close < 0 ? found('illegal', sql.length) : found('quoted', close + 1)
}

/** A bare identifier or keyword. */
export const scanWord = (sql: string, start: number): Scanned => found('word', skip(sql, start + 1, isIdentifierPart))

/** `x'…'`: an even number of hexadecimal digits. Otherwise illegal up to the next quote. */
export const scanBlob = (sql: string, start: number): Scanned => {
  const digitsEnd = skip(sql, start + 2, isHexDigit)
  if (sql[digitsEnd] === "'" && (digitsEnd - start) % 2 === 0) return found('blob', digitsEnd + 1)
  const close = sql.indexOf("'", digitsEnd)
  return found('illegal', close < 0 ? sql.length : close + 1)
}

const isDigitOrSeparator = (code: number): boolean => isDigit(code) || code === 95
const isHexOrSeparator = (code: number): boolean => isHexDigit(code) || code === 95

/**
 * A number: decimal, hexadecimal or with fraction and exponent. `_` between digits is what SQLite 3.46 and later read
 * (older ones refuse the statement); identifier characters right behind a number make it illegal.
 */
export const scanNumber = (sql: string, start: number): Scanned => {
  let at: number
  if (/^0[xX][0-9a-fA-F]/.test(sql.slice(start, start + 3))) {
    at = skip(sql, start + 3, isHexOrSeparator)
  } else {
    at = skip(sql, start, isDigitOrSeparator)
    if (sql[at] === '.') at = skip(sql, at + 1, isDigitOrSeparator)
    const exponent = /^[eE][+-]?\d/.exec(sql.slice(at, at + 3))
    if (exponent !== null) at = skip(sql, at + exponent[0].length, isDigitOrSeparator)
  }
  const end = skip(sql, at, isIdentifierPart)
  return found(end > at ? 'illegal' : 'number', end)
}

/** `?` or `?NNN`. */
export const scanQuestionMark = (sql: string, start: number): Scanned =>
  found('variable', skip(sql, start + 1, isDigit))

/** `:name`, `@name`, `$name` or `#name`, each with Tcl's `::` inside and one `(…)` behind. */
export const scanNamedVariable = (sql: string, start: number): Scanned => {
  let at = start + 1
  let length = 0
  for (; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (isIdentifierPart(code)) length++
    else if (code === 40 && length > 0) return scanVariableSuffix(sql, at)
    else if (code === 58 && sql.charCodeAt(at + 1) === 58) at++
    else break
  }
  return found(length === 0 ? 'illegal' : 'variable', at)
}

const scanVariableSuffix = (sql: string, open: number): Scanned => {
  const end = skip(sql, open + 1, (code) => !Number.isNaN(code) && code !== 41 && !isSpace(code))
  return sql[end] === ')' ? found('variable', end + 1) : found('illegal', end)
}

const OPERATORS = ['->>', '->', '==', '<=', '<>', '<<', '>=', '>>', '!=', '||']
const SINGLE_OPERATORS = '-+*%=<>|&~'

/** Operators, longest first; what is none is illegal. */
export const scanOperator = (sql: string, start: number): Scanned => {
  const operator = OPERATORS.find((candidate) => sql.startsWith(candidate, start))
  if (operator !== undefined) return found('operator', start + operator.length)
  return found(SINGLE_OPERATORS.includes(sql.charAt(start)) ? 'operator' : 'illegal', start + 1)
}
