import { DbClusterError, LIMITS, type SqlArgs } from '@dbcluster/protocol'
import { argumentValues } from '../bind.js'
import { asciiLower } from '../identifier.js'
import { significantTokens } from '../lexer.js'
import { numberParameters } from '../parameters.js'
import { planStatement, type StatementPlan } from '../plan.js'
import { completeInsert } from './complete-insert.js'
import { defineDeterministically } from './define.js'
import { insertShapeOf } from './insert-shape.js'
import type { KnownSchema } from './known-schema.js'
import { guardRowids, mayComputeRowid, mentionsLastRowid, refuseLastRowid } from './last-rowid.js'
import { resultColumnsOf } from './result-columns.js'
import { rewrite } from './rewrite.js'
import { sourceOf } from './source.js'
import { columnsOf } from './table-definition.js'
import { type ConnectionPast, type DeterminismContext, writePolicy } from './write-policy.js'

/**
 * A statement that gives the same on every replica, and whenever the log is replayed: times and random values are
 * literals, omitted defaults that differ by time or call are written in, and definitions are stored so that no replica
 * evaluates such a default by itself. The same plan when nothing had to change. Takes the same arguments as the original.
 * @throws DbClusterError `NONDETERMINISTIC_SQL` for what no single value stands for; `SQL_TOO_LARGE` when it outgrew the
 * bounds; `INVALID_VALUE` as `bind` does
 */
export const makeDeterministic = (
  plan: StatementPlan,
  args: SqlArgs | undefined,
  context: DeterminismContext,
): StatementPlan => {
  if (plan.explain || plan.kind === 'pragma-read') return plan
  if (plan.kind === 'write' && mentionsLastRowid(plan, args)) checkLastRowid(plan, args, context)
  const completed = plan.isInsert ? withOmittedDefaults(plan, context) : plan
  const settled = mayBeVolatile(completed) ? withoutVolatile(completed, args, context) : completed.sql
  const sql = mayComputeRowid(plan, context.schema) ? withGuardedRowids(settled, context) : settled
  return sql === plan.sql ? plan : checkedAgain(plan, sql, context)
}

const withoutVolatile = (plan: StatementPlan, args: SqlArgs | undefined, context: DeterminismContext): string => {
  const source = sourceOf(plan.sql)
  const isTableFromSelect = plan.verb === 'CREATE TABLE' && columnsOf(source) === undefined
  if (plan.kind === 'ddl' && !isTableFromSelect) return defineDeterministically(source, plan, context.schema)
  const whole = { from: 0, end: source.tokens.length }
  return rewrite(source, writePolicy(source, plan, args, context), whole, resultColumnsOf(source, plan.isInsert))
}

/** Whether a statement cannot be made deterministic without the database's tables. */
export const needsKnownSchema = (plan: StatementPlan, args: SqlArgs | undefined): boolean =>
  plan.isInsert ||
  plan.kind === 'ddl' ||
  (plan.verb === 'UPDATE' && (plan.computed.length > 0 || mentionsLastRowid(plan, args)))

const withGuardedRowids = (sql: string, { schema }: DeterminismContext): string => {
  const source = sourceOf(sql)
  return guardRowids({ source, schema }, [{ from: 0, end: source.tokens.length }])
}

const checkLastRowid = (plan: StatementPlan, args: SqlArgs | undefined, { schema }: DeterminismContext): void => {
  const source = sourceOf(plan.sql)
  const values = argumentValues(plan, args)
  const byStart = new Map(plan.parameters.uses.map(({ start, parameter }) => [start, values[parameter - 1] ?? null]))
  refuseLastRowid(source, schema, (token) => byStart.get(source.tokens[token]?.start ?? -1) ?? null)
}

/** What a statement adds to the past of those behind it in the same transaction. */
export const pastAfter = (past: ConnectionPast, plan: StatementPlan, schema: KnownSchema): ConnectionPast => {
  if (plan.kind !== 'write') return past
  return { changes: true, lastInsertRowid: past.lastInsertRowid || surelyInserts(plan, schema) }
}

const surelyInserts = (plan: StatementPlan, schema: KnownSchema): boolean => {
  if (!plan.isInsert) return false
  const source = sourceOf(plan.sql)
  const shape = insertShapeOf(source, { from: 0, end: source.tokens.length })
  if (shape === undefined || shape.upsert || shape.orClause === 'IGNORE' || shape.rows.kind === 'select') return false
  return schema.get(shape.table)?.surelyInserts === true
}

/** A cheap look at the text: whether any of the names this is about could be in it. */
const mayBeVolatile = ({ kind, sql }: StatementPlan): boolean =>
  VOLATILE.test(sql) || (kind === 'ddl' && /trigger|default/i.test(sql))

const VOLATILE = /current_|random|(?<!up)date|time|julianday|unixepoch|changes|last_insert|sqlite_|pragma_|fts5_source/i

/** For what is rewritten next only; the result is checked as a whole. */
const withOmittedDefaults = (plan: StatementPlan, { schema }: DeterminismContext): StatementPlan => {
  if ((schema.get(asciiLower(plan.target ?? ''))?.defaults ?? []).length === 0) return plan
  const sql = completeInsert(sourceOf(plan.sql), schema)
  if (sql === undefined) return plan
  const tokens = significantTokens(sql)
  const parameters = numberParameters(sql, tokens, { from: 0, end: tokens.length }, LIMITS.parameters)
  return { ...plan, sql, parameters }
}

/** The new text goes through every check again: a stored default is a text of the tenant's too. */
const checkedAgain = (before: StatementPlan, sql: string, { limits }: DeterminismContext): StatementPlan => {
  const plan = planStatement(sql, limits)
  const isSame =
    plan.verb === before.verb && plan.target === before.target && plan.parameters.count === before.parameters.count
  if (isSame) return plan
  throw new DbClusterError('NONDETERMINISTIC_SQL', 'a default of the table does not fit into the statement', {
    hint: 'name every column in the INSERT and give it a value',
  })
}
