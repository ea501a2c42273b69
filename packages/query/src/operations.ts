import { type DatabaseRecord, DbClusterError, type OperationResults, type RowsResult, type Statement, toErrorBody, type WriteResult } from '@dbcluster/protocol'
import { assertionSql, type RqliteResult, type RqliteStatement } from '@dbcluster/rqlite'
import { dropTableStatement, isRead, planCreateTable, requireRead, type SqlPlanner, type StatementPlan } from '@dbcluster/sql'
import { boundStatement } from './bound.js'
import type { LocalReplica } from './components.js'
import type { ExactReads } from './exact-reads.js'
import type { DataOperation } from './needs.js'
import type { ReplicaSessions } from './replica-session.js'
import type { Passage } from './router.js'
import { readSchema } from './schema.js'

/** What running an operation takes. */
export interface RunComponents {
  readonly planner: SqlPlanner
  readonly sessions: ReplicaSessions
  readonly reads: ExactReads
}

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

const read = async (run: Run, plan: StatementPlan, statement: Statement, level: 'none' | 'weak' | 'linearizable' | 'strong'): Promise<RowsResult> => {
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
  const [result] = await client.execute([boundStatement(capabilities, plan, statement?.args)], { returnsRows: plan.returning, ...callOptions(run) })
  if (result === undefined) throw new DbClusterError('INTERNAL', 'rqlited left out a result')
  if (result.error !== undefined) throw withoutIndex(result.error)
  return writeResult(plan, result)
}

/** In order, each with its own result. Writes that follow each other travel as one request. */
const batch = async (run: Run, statements: readonly Statement[]): Promise<OperationResults['batch']['results']> => {
  const results: OperationResults['batch']['results'][number][] = []
  const plans = statements.map((statement, index) => planAt(run.planner, statement, index))
  for (let at = 0; at < statements.length; ) {
    const [plan, statement] = [plans[at], statements[at]]
    if (plan === undefined || statement === undefined) break
    if (isRead(plan)) {
      results.push(await read(run, plan, statement, 'weak').then((rows) => ({ rowsAffected: 0, lastInsertId: 0, ...rows }), asFailure))
      at += 1
      continue
    }
    let end = at
    while (end < plans.length && plans[end] !== undefined && !isRead(plans[end] as StatementPlan)) end += 1
    results.push(...(await writes(run, plans.slice(at, end), statements.slice(at, end), at)))
    at = end
  }
  return results
}

const writes = async (run: Run, plans: readonly StatementPlan[], statements: readonly Statement[], offset: number): Promise<OperationResults['batch']['results']> => {
  const { client, capabilities } = run.replica
  const bound = plans.map((plan, at) => boundAt(() => boundStatement(capabilities, plan, statements[at]?.args), offset + at))
  const returnsRows = plans.some((plan) => plan.returning)
  const results = await client.execute(bound, { returnsRows, ...callOptions(run) })
  return results.map((result, at) => {
    const plan = plans[at]
    if (result.error !== undefined) return { error: { ...toErrorBody(result.error), statement_index: offset + at } }
    return plan === undefined ? { rowsAffected: 0, lastInsertId: 0 } : writeResult(plan, result)
  })
}

const asFailure = (error: unknown): { readonly error: ReturnType<typeof toErrorBody> } => {
  if (error instanceof DbClusterError && error.status === 400) return { error: toErrorBody(error) }
  throw error
}

/** All or nothing, as one request and one entry of the Raft log. */
const transaction = async (run: Run, statements: readonly Statement[]): Promise<readonly WriteResult[]> => {
  const { client, capabilities } = run.replica
  const plans = statements.map((statement, index) => planAt(run.planner, statement, index))
  const bound = statements.map((statement, index): RqliteStatement => {
    const plan = plans[index]
    if (plan === undefined) throw new DbClusterError('INTERNAL', 'a statement has no plan')
    const one = boundAt(() => boundStatement(capabilities, plan, statement.args), index)
    return statement.assert === true ? { ...one, sql: assertionSql(one.sql) } : one
  })
  const returnsRows = plans.some((plan, index) => plan.returning || isRead(plan) || statements[index]?.assert === true)
  const results = await client.execute(bound, { transaction: true, returnsRows, ...callOptions(run) })
  const failed = results.findIndex((result) => result.error !== undefined)
  if (failed >= 0) throw atIndex(results[failed]?.error as DbClusterError, failed)
  return results.map((result, index) => {
    const plan = plans[index]
    return plan === undefined ? { rowsAffected: 0, lastInsertId: 0 } : writeResult(plan, result)
  })
}

const dropTable = async (run: Run, table: string): Promise<WriteResult> => {
  const [result] = await run.replica.client.execute([{ sql: dropTableStatement(table) }], callOptions(run))
  if (result?.error === undefined) return { rowsAffected: 0, lastInsertId: 0 }
  if (!/^no such table/.test(result.error.message)) throw withoutIndex(result.error)
  throw new DbClusterError('TABLE_NOT_FOUND', `there is no table ${JSON.stringify(table)} to drop`, { hint: 'GET /v1/database/schema lists the tables' })
}

/** Counts that mean something: SQLite's counters keep what an earlier statement left. */
const writeResult = (plan: StatementPlan, result: RqliteResult): WriteResult => {
  const rowsAffected = plan.kind === 'write' ? result.rowsAffected : 0
  const counts = { rowsAffected, lastInsertId: plan.isInsert && rowsAffected > 0 ? result.lastInsertId : 0 }
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

const atIndex = (error: DbClusterError, statementIndex: number): DbClusterError =>
  new DbClusterError(error.code, error.message, { hint: error.hint, details: error.details, cause: error, statementIndex })

const withoutIndex = (error: DbClusterError): DbClusterError =>
  new DbClusterError(error.code, error.message, { hint: error.hint, details: error.details, cause: error })
