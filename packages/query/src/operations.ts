import {
  type DatabaseRecord,
  DbClusterError,
  type OperationResults,
  type RowsResult,
  type Statement,
  toDbClusterError,
  toErrorBody,
  type WriteResult,
} from '@dbcluster/protocol'
import { assertionSql } from '@dbcluster/rqlite'
import {
  dropTableStatement,
  isRead,
  planCreateTable,
  requireRead,
  type SqlPlanner,
  type StatementPlan,
} from '@dbcluster/sql'
import { boundStatement } from './bound.js'
import type { LocalReplica } from './components.js'
import type { ExactReads } from './exact-reads.js'
import type { DataOperation } from './needs.js'
import type { ReplicaSessions } from './replica-session.js'
import type { Passage } from './router.js'
import { readSchema } from './schema.js'
import { atIndex, withoutIndex } from './statement-index.js'
import { type PlannedStatement, type UnitResult, writeUnits } from './write-units.js'

/** What running an operation takes. */
export interface RunComponents {
  readonly planner: SqlPlanner
  readonly sessions: ReplicaSessions
  readonly reads: ExactReads
}

type BatchResults = OperationResults['batch']['results']

interface Run extends RunComponents {
  readonly record: DatabaseRecord
  readonly passage: Passage
  readonly replica: LocalReplica
}

/**
 * Checks every statement of an operation before anything is done on its behalf: what is refused creates no database.
 * @throws DbClusterError whatever `planStatement` refuses with, `statementIndex` set where there are several
 */
export const checkStatements = (planner: SqlPlanner, operation: DataOperation): void => {
  switch (operation.op) {
    case 'query':
      requireRead(planner.plan(operation.statement.sql))
      return
    case 'execute':
      planner.plan(operation.statement.sql)
      return
    case 'batch':
    case 'transaction':
      for (const [index, statement] of operation.statements.entries()) planAt(planner, statement as Statement, index)
      return
    case 'createTable':
      planCreateTable(operation.schema)
      return
    case 'dropTable':
      dropTableStatement(operation.table)
      return
    case 'schema':
      return
  }
}

/** Runs an operation on the replica of this node. */
export const runOperation = async (
  components: RunComponents,
  record: DatabaseRecord,
  passage: Passage,
): Promise<OperationResults[DataOperation['op']]> => {
  const replica = components.sessions.replica(record.name)
  const run: Run = { ...components, record, passage, replica }
  components.sessions.touch(record.name)
  try {
    return await dispatch(run)
  } catch (error) {
    components.sessions.forget(record.name)
    throw error
  } finally {
    components.sessions.touch(record.name)
  }
}

const dispatch = async (run: Run): Promise<OperationResults[DataOperation['op']]> => {
  const { operation } = run.passage.request
  switch (operation.op) {
    case 'query': {
      const plan = requireRead(run.planner.plan(operation.statement.sql))
      return read(run, plan, operation.statement as Statement, operation.consistency ?? 'weak')
    }
    case 'execute':
      return execute(run, operation.statement as Statement)
    case 'batch':
      return { results: await batch(run, operation.statements as Statement[]) }
    case 'transaction':
      return { results: await transaction(run, operation.statements as Statement[]) }
    case 'createTable':
      return write(run, planCreateTable(operation.schema).plan, undefined)
    case 'dropTable':
      return dropTable(run, operation.table)
    case 'schema':
      await run.sessions.proveApplied(run.record.name, run.passage.deadline.signal)
      return { tables: await readSchema(run.replica.client, callOptions(run)) }
  }
}

const callOptions = (run: Run): { readonly signal: AbortSignal; readonly timeoutMs: number } => ({
  signal: run.passage.deadline.signal,
  timeoutMs: Math.max(1, Math.ceil(run.passage.deadline.leftMs())),
})

const read = async (
  run: Run,
  plan: StatementPlan,
  statement: Statement,
  level: 'none' | 'weak' | 'linearizable' | 'strong',
): Promise<RowsResult> => {
  if (level === 'weak') await run.sessions.proveApplied(run.record.name, run.passage.deadline.signal)
  const { client, capabilities } = run.replica
  const { columns, rows, consistency } = await run.reads.read({
    database: run.record.decree.clusterId,
    client,
    capabilities,
    plan,
    args: statement.args,
    level,
    ...callOptions(run),
  })
  run.passage.usedConsistency(consistency)
  return { columns, rows }
}

const execute = async (run: Run, statement: Statement): Promise<WriteResult> => {
  const plan = run.planner.plan(statement.sql)
  if (!isRead(plan)) return write(run, plan, statement)
  const { columns, rows } = await read(run, plan, statement, 'weak')
  return { rowsAffected: 0, lastInsertId: 0, columns, rows }
}

const write = async (run: Run, plan: StatementPlan, statement: Statement | undefined): Promise<WriteResult> => {
  const { client, capabilities } = run.replica
  const units = writeUnits([{ plan, bound: boundStatement(capabilities, plan, statement?.args) }])
  const results = await client.execute(units.statements, { returnsRows: units.returnsRows, ...callOptions(run) })
  const [outcome] = units.collect(results)
  if (outcome === undefined) throw new DbClusterError('INTERNAL', 'rqlited left out a result')
  if (outcome.result.error !== undefined) throw withoutIndex(outcome.result.error)
  return writeResult(plan, outcome)
}

/** In order, each with its own result. Writes that follow each other travel as one request. */
const batch = async (run: Run, statements: readonly Statement[]): Promise<BatchResults> => {
  const results: BatchResults[number][] = []
  const plans = statements.map((statement, index) => planAt(run.planner, statement, index))
  let wrote = false
  for (let at = 0; at < plans.length; at = results.length) {
    const length = plans.slice(at).findIndex((plan) => isRead(plan) !== isRead(plans[at] as StatementPlan))
    const end = length < 0 ? plans.length : at + length
    const [group, given] = [plans.slice(at, end), statements.slice(at, end)]
    const reading = isRead(plans[at] as StatementPlan)
    try {
      results.push(...(await (reading ? reads : writes)(run, group, given, at)))
    } catch (error) {
      throw wrote ? cutShort(error, at) : error
    }
    wrote ||= !reading
  }
  return results
}

/** What failed may be tried again by itself, but not the batch as a whole: its writes would be made twice. */
const cutShort = (error: unknown, at: number): DbClusterError => {
  const { code, message } = toDbClusterError(error)
  return new DbClusterError('OUTCOME_UNKNOWN', `the batch was cut short at statement ${at}: ${message}`, {
    hint: `statements before ${at} were carried out; read before you send the rest again`,
    details: { code },
    statementIndex: at,
    cause: error,
  })
}

const reads = async (
  run: Run,
  plans: readonly StatementPlan[],
  statements: readonly Statement[],
  offset: number,
): Promise<BatchResults> => {
  const results: BatchResults[number][] = []
  for (const [at, plan] of plans.entries()) {
    const one = read(run, plan, statements[at] as Statement, 'weak')
    const result = (rows: RowsResult): WriteResult => ({ rowsAffected: 0, lastInsertId: 0, ...rows })
    results.push(await one.then(result, failureAt(offset + at)))
  }
  return results
}

const writes = async (
  run: Run,
  plans: readonly StatementPlan[],
  statements: readonly Statement[],
  offset: number,
): Promise<BatchResults> => {
  const { client, capabilities } = run.replica
  const results: BatchResults[number][] = []
  const planned: (PlannedStatement & { readonly at: number })[] = []
  for (const [at, plan] of plans.entries()) {
    try {
      planned.push({ at, plan, bound: boundStatement(capabilities, plan, statements[at]?.args) })
    } catch (error) {
      results[at] = failureAt(offset + at)(error)
    }
  }
  const units = writeUnits(planned)
  const replies = await client.execute(units.statements, { returnsRows: units.returnsRows, ...callOptions(run) })
  for (const [index, outcome] of units.collect(replies).entries()) {
    const { at, plan } = planned[index] as (typeof planned)[number]
    const { error } = outcome.result
    results[at] =
      error === undefined
        ? writeResult(plan, outcome)
        : { error: { ...toErrorBody(error), statement_index: offset + at } }
  }
  return results
}

const failureAt =
  (index: number) =>
  (error: unknown): { readonly error: ReturnType<typeof toErrorBody> } => {
    if (error instanceof DbClusterError && error.status === 400)
      return { error: { ...toErrorBody(error), statement_index: index } }
    throw error
  }

/** All or nothing, as one request and one entry of the Raft log. */
const transaction = async (run: Run, statements: readonly Statement[]): Promise<readonly WriteResult[]> => {
  const { client, capabilities } = run.replica
  const planned = statements.map((statement, index) => {
    const plan = planAt(run.planner, statement, index)
    const bound = boundAt(() => boundStatement(capabilities, plan, statement.args), index)
    return { plan, bound: statement.assert === true ? { ...bound, sql: assertionSql(bound.sql) } : bound }
  })
  const units = writeUnits(
    planned,
    planned.some(({ plan }) => isRead(plan)),
  )
  const results = await client.execute(units.statements, {
    transaction: true,
    returnsRows: units.returnsRows,
    ...callOptions(run),
  })
  const failed = results.findIndex((result) => result.error !== undefined)
  if (failed >= 0) throw atIndex(results[failed]?.error as DbClusterError, units.indexOf(failed))
  return units.collect(results).map((outcome, index) => writeResult(planned[index]?.plan as StatementPlan, outcome))
}

const dropTable = async (run: Run, table: string): Promise<WriteResult> => {
  const [result] = await run.replica.client.execute([{ sql: dropTableStatement(table) }], callOptions(run))
  if (result?.error === undefined) return { rowsAffected: 0, lastInsertId: 0 }
  if (!/^no such table/.test(result.error.message)) throw withoutIndex(result.error)
  throw new DbClusterError('TABLE_NOT_FOUND', `there is no table ${JSON.stringify(table)} to drop`, {
    hint: 'GET /v1/database/schema lists the tables',
  })
}

const writeResult = (plan: StatementPlan, { result, rowsAffected, lastInsertId }: UnitResult): WriteResult => {
  const counts = { rowsAffected, lastInsertId }
  return plan.returning || isRead(plan) ? { ...counts, columns: result.columns, rows: result.rows } : counts
}

const planAt = (planner: SqlPlanner, statement: Statement, index: number): StatementPlan =>
  boundAt(() => {
    const plan = planner.plan(statement.sql)
    return statement.assert === true ? requireRead(plan) : plan
  }, index)

const boundAt = <T>(work: () => T, index: number): T => {
  try {
    return work()
  } catch (error) {
    throw error instanceof DbClusterError ? atIndex(error, index) : error
  }
}
