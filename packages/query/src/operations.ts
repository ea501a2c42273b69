import {
  type Consistency,
  type DatabaseRecord,
  type OperationResults,
  type RowsResult,
  type SqlValue,
  type Statement,
  type StatementResult,
  toDbClusterError,
  toErrorBody,
} from '@dbcluster/protocol'
import { decodeDefault, isRead, restoreDefaults, type StatementPlan } from '@dbcluster/sql'
import type { DataOperation } from './admission/needs.js'
import type { Passage } from './passage.js'
import { checkResultSize } from './reads/result-size.js'
import { readSchema } from './reads/schema.js'
import { callOptions, type Run, type RunComponents, readApplied } from './run.js'
import { atIndex } from './statement-index.js'
import { runBatch, runCreateTable, runDropTable, runTransaction, runWrite } from './writes/run-writes.js'
import { readFailure } from './writes/write-outcome.js'

/** Runs an operation on the replica of this node. @throws DbClusterError `NOT_REPLICA` and what rqlited answers */
export const runOperation = async (
  components: RunComponents,
  record: DatabaseRecord,
  passage: Passage,
): Promise<OperationResults[DataOperation['op']]> => {
  const run: Run = { ...components, record, passage, replica: components.sessions.replica(record.name) }
  const { operation } = passage.request
  switch (operation.op) {
    case 'query':
      return read(run, operation.statement as Statement, operation.consistency ?? 'weak')
    case 'execute':
      return execute(run, operation.statement as Statement)
    case 'batch':
      return passage.readOnly
        ? readBatch(run, operation.statements as readonly Statement[])
        : runBatch(run, operation.statements as readonly Statement[])
    case 'transaction':
      return runTransaction(run, operation.statements as readonly Statement[])
    case 'createTable':
      return runCreateTable(run, operation.schema)
    case 'dropTable':
      return runDropTable(run, operation.table)
    case 'schema':
      return { tables: await weakly(run, () => readSchema(run.replica.client, callOptions(run))) }
  }
}

const execute = async (run: Run, statement: Statement): Promise<OperationResults['execute']> => {
  const plan = run.planner.plan(statement.sql)
  if (!isRead(plan)) return runWrite(run, plan, statement.args)
  return { rowsAffected: 0, lastInsertId: 0, ...(await read(run, statement, 'weak')) }
}

/** Reads that no write stands between need not travel through the log. */
const readBatch = async (run: Run, statements: readonly Statement[]): Promise<OperationResults['batch']> => {
  const results: StatementResult[] = []
  for (const [index, statement] of statements.entries()) {
    try {
      results.push({ rowsAffected: 0, lastInsertId: 0, ...(await read(run, statement, 'weak')) })
    } catch (thrown) {
      const error = toDbClusterError(thrown)
      if (error.status !== 400) throw error
      results.push({ error: toErrorBody(atIndex(error, index)) })
    }
  }
  checkResultSize(
    results.map((result) => ('error' in result ? {} : result)),
    run.limits,
    false,
  )
  return { results }
}

const read = async (run: Run, statement: Statement, level: Consistency): Promise<RowsResult> => {
  const plan = run.planner.plan(statement.sql)
  const reading = (): Promise<RowsResult> => readAt(run, plan, statement.args, level)
  if (level === 'weak') return weakly(run, reading)
  if (level === 'none') await run.sessions.caughtUp(run.record.name, run.passage.deadline.signal)
  return readable(run, reading)
}

const readAt = async (
  run: Run,
  plan: StatementPlan,
  args: Statement['args'],
  level: Consistency,
): Promise<RowsResult> => {
  const { client, capabilities } = run.replica
  const { clusterId } = run.record.decree
  const reply = await run.reads.read({ clusterId, client, capabilities, plan, args, level, ...callOptions(run) })
  run.passage.usedConsistency(reply.consistency)
  const [{ columns, rows }] = checkResultSize([reply], run.limits, false)
  return { columns, rows: SHOWS_SCHEMA.test(plan.sql) ? rows.map((row) => row.map(asWritten)) : rows }
}

/** Reads whose texts may be those of a schema. */
const SHOWS_SCHEMA = /pragma|sqlite_(?:schema|master)/i

/** Tools that look at a schema see the defaults that were written, not how they are stored. */
const asWritten = (value: SqlValue): SqlValue =>
  typeof value === 'string' ? restoreDefaults(decodeDefault(value)) : value

const weakly = <T>(run: Run, reading: () => Promise<T>): Promise<T> => readable(run, () => readApplied(run, reading))

const readable = async <T>(run: Run, reading: () => Promise<T>): Promise<T> => {
  try {
    return await reading()
  } catch (error) {
    throw readFailure(error, run.passage.deadline)
  }
}
