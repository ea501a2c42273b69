/**
 * What one token is. `space` and `comment` carry no meaning; `word` is a bare identifier or keyword; `quoted` an
 * identifier in `"…"`, `` `…` `` or `[…]`; `string` is `'…'`; `illegal` is whatever SQLite calls an unrecognized token.
 */
export type TokenType =
  | 'space'
  | 'comment'
  | 'word'
  | 'quoted'
  | 'string'
  | 'blob'
  | 'number'
  | 'variable'
  | 'lparen'
  | 'rparen'
  | 'comma'
  | 'dot'
  | 'semicolon'
  | 'operator'
  | 'illegal'

/** One token: `sql.slice(start, end)`, offsets in UTF-16 code units. */
export interface Token {
  readonly type: TokenType
  readonly start: number
  readonly end: number
}
