import type { Verb } from '../plan.js'
import type { Source } from './source.js'

/** One SELECT or VALUES without its subqueries, or what stands outside of any. */
interface Core {
  readonly parent: Core | undefined
  perRow: boolean
}

/**
 * Which tokens belong to an expression that is evaluated once at most, so that one value stands for it: within VALUES,
 * and within SELECTs without FROM, and in what follows them in an INSERT of a single row; never below a SELECT with a
 * FROM, nor in UPDATE and DELETE. Errs on the side of `false`.
 */
export const evaluatedOnce = (source: Source, verb: Verb): ((at: number) => boolean) => {
  const cores: Core[] = []
  const stack: { readonly parent: Core | undefined; core: Core }[] = []
  let frame = { parent: undefined as Core | undefined, core: { parent: undefined, perRow: false } as Core }
  const begin = (perRow: boolean): void => {
    frame.core = { parent: frame.parent, perRow }
  }
  let rows = 0
  let isMany = false
  let inValues = false
  for (let at = 0; at < source.tokens.length; at++) {
    const top = stack.length === 0
    const type = source.type(at)
    const keyword = source.keyword(at)
    if (type === 'lparen') {
      if (top && inValues) rows += 1
      stack.push(frame)
      frame = { parent: frame.core, core: { parent: frame.core, perRow: false } }
    } else if (type === 'rparen') frame = stack.pop() ?? frame
    else if (keyword === 'SELECT' || keyword === 'VALUES') {
      begin(false)
      if (top) {
        inValues = keyword === 'VALUES'
        if (keyword === 'SELECT') rows += 1
      }
    } else if (keyword === 'FROM') {
      frame.core.perRow = true
      if (top) isMany = true
    } else if (top && keyword === verb && (verb === 'UPDATE' || verb === 'DELETE')) begin(true)
    else if (top && startsTail(source, at, keyword, verb)) {
      inValues = false
      begin(frame.core.perRow || isMany || rows > 1)
    }
    cores.push(frame.core)
  }
  return (at) => {
    for (let core = cores[at]; core !== undefined; core = core.parent) if (core.perRow) return false
    return true
  }
}

/** ON CONFLICT or RETURNING of an INSERT: evaluated for each of its rows. */
const startsTail = (source: Source, at: number, keyword: string, verb: Verb): boolean => {
  if (keyword === 'RETURNING') return true
  if ((verb !== 'INSERT' && verb !== 'REPLACE') || keyword !== 'ON') return false
  return isConflictClause(source, at)
}

/** `ON CONFLICT (` or `ON CONFLICT DO`; a join's condition may begin with a column of that name. */
export const isConflictClause = (source: Source, at: number): boolean =>
  source.keyword(at) === 'ON' &&
  source.keyword(at + 1) === 'CONFLICT' &&
  (source.type(at + 2) === 'lparen' || source.keyword(at + 2) === 'DO')
