import type { RowsResult } from '@dbcluster/protocol'
import type { RqliteResult } from '@dbcluster/rqlite'
import { quoteIdentifier, type StatementPlan, significantTokens, type Token } from '@dbcluster/sql'
import { exactExpression, exactRowDecoder, storageClasses } from './exact-expression.js'
import { withoutAlias } from './without-alias.js'

/** As many columns are asked for twice; beyond, values come as rqlite gives them. SQLite's bound on columns is 2000. */
const MAX_COLUMNS = 500

/** A write whose RETURNING also gives the values as SQLite holds them. */
export interface ExactReturning {
  readonly plan: StatementPlan
  decode(result: RqliteResult): RowsResult
}

/** Whether `RETURNING *` is among what a statement gives: then the columns of its table must be known. */
export const returnsStar = (plan: StatementPlan): boolean => plan.returning && expressionsOf(plan).includes('*')

/**
 * Adds to what a RETURNING gives, behind its own columns, the same values in a form that rqlite does not convert. The
 * names are those of the columns that the statement itself asked for.
 * @param columns of the table, where {@link returnsStar}
 * @returns undefined where that cannot be done: for parameters within RETURNING, and for too many columns
 */
export const exactReturning = (plan: StatementPlan, columns: readonly string[]): ExactReturning | undefined => {
  const clause = returningAt(plan.sql)
  if (clause === undefined || plan.parameters.uses.some(({ start }) => start > clause.start)) return undefined
  const expressions = expressionsOf(plan).flatMap((expression) =>
    expression === '*' ? columns.map(quoteIdentifier) : [`(${expression})`],
  )
  const decodeRow = exactRowDecoder(expressions.length)
  if (decodeRow === undefined || expressions.length > MAX_COLUMNS) return undefined
  const values = expressions.map(exactExpression)
  const decode = ({ columns: all, rows }: RqliteResult): RowsResult => {
    const own = all.length - expressions.length - 1
    // Otherwise the table has got or lost a column a moment ago, and the values come as rqlite gives them.
    const read = own === expressions.length ? decodeRow : (_: readonly unknown[]) => undefined
    return { columns: all.slice(0, own), rows: rows.map((row) => read(row.slice(own)) ?? row.slice(0, own)) }
  }
  return { plan: { ...plan, sql: `${plan.sql}\n,${[...values, storageClasses(expressions)].join(',')}` }, decode }
}

/** What RETURNING gives, one text per column, aliases left out. */
const expressionsOf = ({ sql }: StatementPlan): readonly string[] => {
  const clause = returningAt(sql)
  if (clause === undefined) return []
  return splitByComma(clause.tokens).map((tokens) => {
    const expression = withoutAlias(sql, tokens)
    return sql.slice(expression[0]?.start, expression.at(-1)?.end)
  })
}

/** RETURNING is a reserved word: outside of parentheses it can only be the clause, and ends the statement. */
const returningAt = (sql: string): { readonly start: number; readonly tokens: readonly Token[] } | undefined => {
  const tokens = significantTokens(sql)
  let depth = 0
  for (const [at, { type, start, end }] of tokens.entries()) {
    if (type === 'lparen') depth += 1
    else if (type === 'rparen') depth -= 1
    else if (depth === 0 && type === 'word' && /^returning$/i.test(sql.slice(start, end)))
      return { start, tokens: tokens.slice(at + 1) }
  }
  return undefined
}

const splitByComma = (tokens: readonly Token[]): readonly (readonly Token[])[] => {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.type === 'lparen') depth += 1
    else if (token.type === 'rparen') depth -= 1
    if (depth === 0 && token.type === 'comma') parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}
