import { isByteOrderMark, isDigit, isIdentifierStart, isSpaceStart } from './char-classes.js'
import * as scan from './scan.js'
import type { Token, TokenType } from './token.js'

/**
 * Splits a text into tokens as SQLite's own tokenizer does (https://sqlite.org/src/file/src/tokenize.c), white space
 * and comments included, so that the tokens put together are the text. Linear in its length; never throws: what SQLite
 * does not recognize comes as `illegal`.
 *
 * A NUL ends the text for SQLite and is `illegal` here; inside strings and comments it is not looked for (statements
 * that contain one are refused before).
 */
export const tokenize = (sql: string): readonly Token[] => {
  const tokens: Token[] = []
  for (let start = 0; start < sql.length; ) {
    const { type, end } = scanToken(sql, start)
    tokens.push({ type, start, end })
    start = end
  }
  return tokens
}

/** The tokens that mean something: without white space and comments. */
export const significantTokens = (sql: string): readonly Token[] => {
  const tokens: Token[] = []
  for (let start = 0; start < sql.length; ) {
    const { type, end } = scanToken(sql, start)
    if (type !== 'space' && type !== 'comment') tokens.push({ type, start, end })
    start = end
  }
  return tokens
}

const PUNCTUATION: Readonly<Record<string, TokenType>> = {
  '(': 'lparen',
  ')': 'rparen',
  ',': 'comma',
  ';': 'semicolon',
}

const scanToken = (sql: string, start: number): scan.Scanned => {
  const code = sql.charCodeAt(start)
  if (isSpaceStart(code)) return scan.scanSpace(sql, start)
  if (isByteOrderMark(code)) return { type: 'space', end: start + 1 }
  if (isIdentifierStart(code)) {
    const isBlob = (code | 32) === 120 && sql.charCodeAt(start + 1) === 39
    return isBlob ? scan.scanBlob(sql, start) : scan.scanWord(sql, start)
  }
  if (isDigit(code)) return scan.scanNumber(sql, start)
  const char = sql.charAt(start)
  switch (char) {
    case '(':
    case ')':
    case ',':
    case ';':
      return { type: PUNCTUATION[char] ?? 'illegal', end: start + 1 }
    case '.':
      return isDigit(sql.charCodeAt(start + 1)) ? scan.scanNumber(sql, start) : { type: 'dot', end: start + 1 }
    case "'":
    case '"':
    case '`':
      return scan.scanQuoted(sql, start)
    case '[':
      return scan.scanBracketed(sql, start)
    case '?':
      return scan.scanQuestionMark(sql, start)
    case ':':
    case '@':
    case '$':
    case '#':
      return scan.scanNamedVariable(sql, start)
    case '/':
      return scan.scanSlash(sql, start)
    case '-':
      return sql.charAt(start + 1) === '-' ? scan.scanLineComment(sql, start) : scan.scanOperator(sql, start)
    default:
      return scan.scanOperator(sql, start)
  }
}
