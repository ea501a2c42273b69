import { asciiLower, asciiUpper, nameOf } from '../identifier.js'
import { significantTokens } from '../lexer.js'
import type { TokenRange } from '../split.js'
import type { Token, TokenType } from '../token.js'

/** A text with its tokens, asked by index: -1 and the like are simply nothing. */
export interface Source {
  readonly sql: string
  readonly tokens: readonly Token[]
  type(at: number): TokenType | undefined
  /** As it is written; empty when there is none. */
  text(at: number): string
  /** As an upper-case keyword; empty when it is no bare word. */
  keyword(at: number): string
  /** The identifier that it stands for, in lower case; empty when it is none. Strings are not. */
  name(at: number): string
  /** The index of the parenthesis that closes the one at `open`; the number of tokens when none does. */
  close(open: number): number
  /** From the first to the last of these tokens, with what is between. */
  slice(range: TokenRange): string
}

/** Reads a text. Linear, whatever it contains. */
export const sourceOf = (sql: string, tokens: readonly Token[] = significantTokens(sql)): Source => {
  const closes = matchParentheses(tokens)
  const text = (at: number): string => {
    const token = tokens[at]
    return token === undefined ? '' : sql.slice(token.start, token.end)
  }
  return {
    sql,
    tokens,
    text,
    type: (at) => tokens[at]?.type,
    keyword: (at) => (tokens[at]?.type === 'word' ? asciiUpper(text(at)) : ''),
    name: (at) => {
      const token = tokens[at]
      return token?.type === 'word' || token?.type === 'quoted' ? asciiLower(nameOf(sql, token)) : ''
    },
    close: (open) => closes.get(open) ?? tokens.length,
    slice: ({ from, end }) => sql.slice(tokens[from]?.start ?? sql.length, tokens[end - 1]?.end ?? sql.length),
  }
}

const matchParentheses = (tokens: readonly Token[]): ReadonlyMap<number, number> => {
  const closes = new Map<number, number>()
  const open: number[] = []
  for (const [at, { type }] of tokens.entries()) {
    if (type === 'lparen') open.push(at)
    else if (type === 'rparen') {
      const opened = open.pop()
      if (opened !== undefined) closes.set(opened, at)
    }
  }
  return closes
}

/** Splits tokens at the commas outside of parentheses. */
export const splitAtCommas = (source: Source, { from, end }: TokenRange): readonly TokenRange[] => {
  const parts: TokenRange[] = []
  let start = from
  for (let at = from; at < end; at++) {
    if (source.type(at) === 'lparen') at = Math.min(end, source.close(at))
    else if (source.type(at) === 'comma') {
      parts.push({ from: start, end: at })
      start = at + 1
    }
  }
  parts.push({ from: start, end })
  return parts
}
