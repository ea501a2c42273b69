import { refusal } from './refusals.js'
import type { TokenRange } from './split.js'
import type { Token } from './token.js'

/** One place of a placeholder, in offsets of the statement's own text. */
export interface PlaceholderUse {
  readonly start: number
  readonly end: number
  /** Number of its parameter, from 1. */
  readonly parameter: number
}

/** A statement's parameters, numbered as SQLite numbers them. */
export interface StatementParameters {
  /** The largest number in use: how many positional arguments are due (`?5` alone makes it 5). */
  readonly count: number
  /** Every placeholder, from left to right. */
  readonly uses: readonly PlaceholderUse[]
  /** Numbers by name with its sigil (`:n`, `@n` and `$n` are three names). `?NNN` is no name here. */
  readonly names: ReadonlyMap<string, number>
}

/**
 * Numbers the placeholders of one statement (https://sqlite.org/lang_expr.html#varparam): `?` takes one more than the
 * largest so far, `?NNN` the number itself, a name its earlier number or one more than the largest so far.
 * @param offset where the statement's text begins in `sql`
 * @throws DbClusterError `SQL_ERROR` for `?0`, a number over the bound, or a `#name`; `SQL_TOO_LARGE` for too many
 */
export const numberParameters = (
  sql: string,
  tokens: readonly Token[],
  range: TokenRange,
  parametersMax: number,
): StatementParameters => {
  const offset = tokens[range.from]?.start ?? 0
  const names = new Map<string, number>()
  const uses: PlaceholderUse[] = []
  let count = 0
  for (let at = range.from; at < range.end; at++) {
    const token = tokens[at]
    if (token?.type !== 'variable') continue
    const text = sql.slice(token.start, token.end)
    const parameter = numberOf(text, count, names, parametersMax, token.start)
    count = Math.max(count, parameter)
    uses.push({ start: token.start - offset, end: token.end - offset, parameter })
  }
  return { count, uses, names }
}

const numberOf = (
  text: string,
  count: number,
  names: Map<string, number>,
  parametersMax: number,
  at: number,
): number => {
  if (text.startsWith('#')) throw refusal('SQL_ERROR', '"#" begins no parameter', 'write ?, :name, @name or $name', at)
  if (text.length > 1 && text.startsWith('?')) {
    const number = Number(text.slice(1))
    if (number >= 1 && number <= parametersMax) return number
    throw refusal(
      'SQL_ERROR',
      `${text.slice(0, 20)} is no parameter`,
      `numbers go from ?1 to ?${parametersMax} (sql.max_parameters of the node)`,
      at,
    )
  }
  const known = text === '?' ? undefined : names.get(text)
  if (known !== undefined) return known
  if (count >= parametersMax) {
    const hint = 'split the statement into several of a batch or transaction'
    const message = `the statement has more than ${parametersMax} parameters, the limit (sql.max_parameters of the node)`
    throw refusal('SQL_TOO_LARGE', message, hint, at)
  }
  if (text !== '?') names.set(text, count + 1)
  return count + 1
}
