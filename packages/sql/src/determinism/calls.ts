import type { TokenRange } from '../split.js'
import { type Source, splitAtCommas } from './source.js'

/** A call as the tokens show it. */
export interface Call {
  /** Lower case, unquoted. */
  readonly name: string
  /** Index of the closing parenthesis. */
  readonly close: number
  /** The arguments, without DISTINCT before the first; none for `f()` and `f(*)`. */
  readonly args: readonly TokenRange[]
}

/** Before a table's name that has its columns behind it. */
const BEFORE_TABLE_NAME: ReadonlySet<string> = new Set(['INTO', 'TABLE', 'EXISTS', 'REFERENCES'])

/** The function call that begins at this token, or undefined: a table or common table with its columns is none. */
export const callAt = (source: Source, at: number, end: number): Call | undefined => {
  const name = source.name(at)
  if (name === '' || source.type(at + 1) !== 'lparen') return undefined
  if (source.type(at - 1) === 'dot' || BEFORE_TABLE_NAME.has(source.keyword(at - 1))) return undefined
  const close = source.close(at + 1)
  if (close >= end || isCommonTable(source, close)) return undefined
  const from = ['DISTINCT', 'ALL'].includes(source.keyword(at + 2)) ? at + 3 : at + 2
  const isEmpty = from >= close || (from + 1 === close && source.text(from) === '*')
  return { name, close, args: isEmpty ? [] : splitAtCommas(source, { from, end: close }) }
}

/** `name (columns) AS [[NOT] MATERIALIZED] (`; without the last parenthesis it may be an alias of that name. */
const isCommonTable = (source: Source, close: number): boolean => {
  if (source.keyword(close + 1) !== 'AS') return false
  const at = source.keyword(close + 2) === 'NOT' ? close + 3 : close + 2
  return source.type(source.keyword(at) === 'MATERIALIZED' ? at + 1 : at) === 'lparen'
}
