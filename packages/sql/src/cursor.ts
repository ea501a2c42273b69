import type { DbClusterError } from '@dbcluster/protocol'
import { asciiUpper, nameOf } from './identifier.js'
import { syntaxError } from './refusals.js'
import type { Token, TokenType } from './token.js'

/** A table's name as a statement gives it. */
export interface QualifiedName {
  readonly schema: string | undefined
  readonly name: string
  /** Where the name begins in the text. */
  readonly offset: number
}

/** Reads one statement's significant tokens from left to right. */
export class Cursor {
  readonly sql: string
  readonly #tokens: readonly Token[]
  readonly #end: number
  #at: number

  /** Over `tokens[from]` to `tokens[end - 1]`. */
  constructor(sql: string, tokens: readonly Token[], from = 0, end = tokens.length) {
    this.sql = sql
    this.#tokens = tokens
    this.#at = from
    this.#end = end
  }

  /** Index of the next token. */
  get index(): number {
    return this.#at
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  peek(ahead = 0): Token | undefined {
    const at = this.#at + ahead
    return at < this.#end ? this.#tokens[at] : undefined
  }

  /** The token `ahead` as an upper-case keyword; empty when it is no bare word. */
  keyword(ahead = 0): string {
    const token = this.peek(ahead)
    return token?.type === 'word' ? asciiUpper(this.sql.slice(token.start, token.end)) : ''
  }

  /** The next token as it is written; empty at the end. */
  text(): string {
    const token = this.peek()
    return token === undefined ? '' : this.sql.slice(token.start, token.end)
  }

  isType(type: TokenType, ahead = 0): boolean {
    return this.peek(ahead)?.type === type
  }

  advance(count = 1): void {
    this.#at = Math.min(this.#end, this.#at + count)
  }

  /** Passes these keywords if they come next, all of them in this order. */
  accept(...keywords: readonly string[]): boolean {
    if (!keywords.every((keyword, ahead) => this.keyword(ahead) === keyword)) return false
    this.advance(keywords.length)
    return true
  }

  /** @throws DbClusterError `SQL_ERROR` when this keyword does not come next */
  expect(keyword: string): void {
    if (!this.accept(keyword)) throw this.unexpected(`expected ${keyword}`)
  }

  /** A name: bare, in any of SQLite's quotes, or a string. @throws DbClusterError `SQL_ERROR` when none comes next */
  name(): string {
    const token = this.peek()
    if (token?.type !== 'word' && token?.type !== 'quoted' && token?.type !== 'string') {
      throw this.unexpected('expected a name')
    }
    this.advance()
    return nameOf(this.sql, token)
  }

  /** A name, or `schema.name`. @throws DbClusterError `SQL_ERROR` when none comes next */
  qualifiedName(): QualifiedName {
    const offset = this.peek()?.start ?? this.sql.length
    const first = this.name()
    if (!this.isType('dot')) return { schema: undefined, name: first, offset }
    this.advance()
    return { schema: first, name: this.name(), offset }
  }

  /** Passes `( … )` with whatever is nested in it. @throws DbClusterError `SQL_ERROR` when it is missing or unclosed */
  skipParentheses(): void {
    if (!this.isType('lparen')) throw this.unexpected('expected "("')
    let depth = 0
    do {
      if (this.done) throw this.unexpected('a parenthesis is not closed')
      if (this.isType('lparen')) depth++
      else if (this.isType('rparen')) depth--
      this.advance()
    } while (depth > 0)
  }

  /** A cursor over what comes before the next token of this type, which this one then stands at. */
  takeUntil(type: TokenType): Cursor {
    const from = this.#at
    while (!this.done && !this.isType(type)) this.#at++
    return new Cursor(this.sql, this.#tokens, from, this.#at)
  }

  /** The error for the next token. */
  unexpected(hint: string): DbClusterError {
    const token = this.peek()
    if (token === undefined) return syntaxError('end of input', this.sql.length, hint)
    return syntaxError(this.sql.slice(token.start, token.end), token.start, hint)
  }
}
