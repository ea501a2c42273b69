import type { TokenRange } from '../split.js'
import { type Source, splitAtCommas } from './source.js'

/** What may follow the columns of a SELECT or of RETURNING, outside of parentheses. */
const ENDS: ReadonlySet<string> = new Set([
  'FROM',
  'WHERE',
  'GROUP',
  'HAVING',
  'WINDOW',
  'UNION',
  'INTERSECT',
  'EXCEPT',
  'ORDER',
  'LIMIT',
])

/** The expressions that name a statement's result: of its first SELECT outside of parentheses, and of RETURNING. */
export const resultColumnsOf = (source: Source, isInsert: boolean): readonly TokenRange[] => {
  const count = source.tokens.length
  const next = (at: number): number => (source.type(at) === 'lparen' ? source.close(at) + 1 : at + 1)
  const find = (keyword: string): number => {
    let at = 0
    while (at < count && source.keyword(at) !== keyword) at = next(at)
    return at
  }
  const listAfter = (at: number): readonly TokenRange[] => {
    const from = ['DISTINCT', 'ALL'].includes(source.keyword(at + 1)) ? at + 2 : at + 1
    let end = from
    while (end < count && !ENDS.has(source.keyword(end))) end = next(end)
    return from < count ? splitAtCommas(source, { from, end: Math.min(end, count) }) : []
  }
  // The SELECT of an INSERT names nothing that is seen.
  return [...(isInsert ? [] : listAfter(find('SELECT'))), ...listAfter(find('RETURNING'))]
}
