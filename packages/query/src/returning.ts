import type { RowsResult } from '@dbcluster/protocol'
import type { RqliteResult } from '@dbcluster/rqlite'
import { quoteIdentifier, type StatementPlan, significantTokens, type Token } from '@dbcluster/sql'
import { exactExpression, exactRowDecoder, storageClasses } from './exact-expression.js'

/** As many columns are asked for twice; beyond, values come as rqlite gives them. SQLite's bound on columns is 2000. */
const MAX_COLUMNS = 500

/** A write whose RETURNING also gives the values as SQLite holds them. */
export interface ExactReturning {
  readonly plan: StatementPlan
  decode(result: RqliteResult): RowsResult
}

interface Item {
  readonly star: boolean
  /** Where the expression begins and ends in the statement, its alias left out. */
  readonly start: number
  readonly end: number
}

/** Whether `RETURNING *` is among what a statement gives: then its table's columns must be known. */
export const returnsStar = (plan: StatementPlan): boolean => plan.returning && itemsOf(plan.sql).some(({ star }) => star)

/**
 * Adds to what a RETURNING gives, behind its own columns, the same values in a form that rqlite does not convert. The
 * names are those of the columns that the statement itself asked for.
 * @param columns the table's columns, where {@link returnsStar}
 * @returns undefined when there are too many columns
 */
export const exactReturning = (plan: StatementPlan, columns: readonly string[]): ExactReturning | undefined => {
  const added: { text: string; uses: StatementPlan['parameters']['uses'] }[] = []
  for (const item of itemsOf(plan.sql)) {
    if (item.star) added.push(...columns.map((column) => ({ text: quoteIdentifier(column), uses: [] })))
    else added.push(expressionOf(plan, item))
  }
  const decodeRow = exactRowDecoder(added.length)
  if (decodeRow === undefined || added.length > MAX_COLUMNS) return undefined
  const builder = new Appendix(plan)
  for (const one of added) builder.add(one, exactExpression)
  builder.addAll(added)
  const decode = ({ columns: all, rows }: RqliteResult): RowsResult => {
    const own = all.length - added.length - 1
    // A column was added to the table a moment ago: its values come as rqlite gives them.
    if (own !== added.length) return { columns: all.slice(0, own), rows: rows.map((row) => row.slice(0, own)) }
    return { columns: all.slice(0, own), rows: rows.map((row) => decodeRow(row.slice(own))) }
  }
  return { plan: builder.plan, decode }
}
