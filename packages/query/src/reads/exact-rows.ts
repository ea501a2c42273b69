import type { RowsResult, SqlArgs } from '@dbcluster/protocol'
import type { RqliteCapabilities, RqliteClient, RqliteResult, RqliteStatement } from '@dbcluster/rqlite'
import { isRead, type StatementPlan, wrapForExactValues } from '@dbcluster/sql'
import type { PlannedStatement } from '../writes/write-units.js'
import { assertion } from './assertion.js'
import { boundStatement } from './bound.js'
import { isFaithful } from './faithful-types.js'
import { exactReturning, returnsStar } from './returning.js'

/** A statement of a batch or transaction, checked. */
export interface GivenStatement {
  readonly plan: StatementPlan
  readonly args: SqlArgs | undefined
  readonly assert: boolean
}

/** Looks into the schema, at the leader, before anything is written. */
export type Look = (statements: readonly RqliteStatement[]) => ReturnType<RqliteClient['query']>

const COLUMNS_OF = 'SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid'

/**
 * Statements as they are sent, such that their rows come as SQLite holds them: rows of RETURNING and reads among writes.
 * How many columns a read has, and which ones `RETURNING *` gives, is looked up before; what cannot be told yet, because
 * the same transaction creates the table, comes as rqlite gives it.
 */
export const withExactRows = async (
  capabilities: RqliteCapabilities,
  given: readonly GivenStatement[],
  look: Look,
): Promise<readonly PlannedStatement[]> => {
  const questions = given.map((statement) => questionFor(capabilities, statement))
  const asked = questions.filter((question) => question !== undefined)
  const answers = asked.length === 0 ? [] : (await look(asked)).results
  let next = 0
  return given.map((statement, index) => {
    const answer = questions[index] === undefined ? undefined : answers[next++]
    return plannedExactly(capabilities, statement, answer)
  })
}

/** Statements whose rows come as rqlite gives them. */
export const plainly = (
  capabilities: RqliteCapabilities,
  given: readonly GivenStatement[],
): readonly PlannedStatement[] =>
  given.map(({ plan, args, assert }) => {
    const bound = boundStatement(capabilities, plan, args)
    return { plan, assert, bound: assert ? assertion(bound) : bound }
  })

const questionFor = (
  capabilities: RqliteCapabilities,
  { plan, args, assert }: GivenStatement,
): RqliteStatement | undefined => {
  if (returnsStar(plan)) return { sql: COLUMNS_OF, params: [plan.target ?? ''] }
  if (assert || plan.kind !== 'read' || plan.explain) return undefined
  const bound = boundStatement(capabilities, plan, args)
  return { ...bound, sql: `SELECT * FROM (${bound.sql}\n) LIMIT 0` }
}

const plannedExactly = (
  capabilities: RqliteCapabilities,
  statement: GivenStatement,
  answer: RqliteResult | undefined,
): PlannedStatement => {
  const { plan, args, assert } = statement
  const [plain] = plainly(capabilities, [statement])
  const planned = plain as PlannedStatement
  if (assert || (!plan.returning && !isRead(plan))) return planned
  if (plan.returning) {
    const columns = (answer?.rows ?? []).map(([name]) => String(name))
    const known = !returnsStar(plan) || columns.length > 0
    const exact = known ? exactReturning(plan, columns) : undefined
    if (exact === undefined) return planned
    return { ...planned, bound: boundStatement(capabilities, exact.plan, args), rows: exact.decode }
  }
  const exact = wrapForExactValues(plan, answer?.columns.length ?? 0)
  if (exact === undefined) return planned
  const rows = (own: RqliteResult, wrapped: RqliteResult | undefined): RowsResult => ({
    columns: own.columns,
    rows: own.types.every(isFaithful) ? own.rows : (wrapped?.rows ?? []).map((row) => exact.decodeRow(row)),
  })
  return { ...planned, exactly: boundStatement(capabilities, exact.plan, args), rows }
}
