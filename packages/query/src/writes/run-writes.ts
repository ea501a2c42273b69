import type { OperationResults, Statement, WriteResult } from '@dbcluster/protocol'
import { DbClusterError, toErrorBody } from '@dbcluster/protocol'
import { dropTableStatement, planCreateTable, type StatementPlan } from '@dbcluster/sql'
import { planStatements } from '../check-statements.js'
import { type GivenStatement, plainly, withExactRows } from '../reads/exact-rows.js'
import { checkResultSize } from '../reads/result-size.js'
import { callOptions, type Run, readApplied } from '../run.js'
import { atIndex, withoutIndex } from '../statement-index.js'
import { deterministically, type WriteManner } from './deterministic-writes.js'
import { readFailure, writeFailure } from './write-outcome.js'
import { type PlannedStatement, type UnitOutcome, writeUnits } from './write-units.js'

/** One statement that changes something. */
export const runWrite = async (run: Run, plan: StatementPlan, args: Statement['args']): Promise<WriteResult> => {
  const given = { plan, args, assert: false }
  const isAlone = plan.returning || run.passage.throughFollower === true
  const outcome = isAlone ? await alone(run, given) : await grouped(run, given)
  if ('error' in outcome) throw withoutIndex(outcome.error)
  const [result] = checkResultSize([outcome.result], run.limits, true)
  return result
}

/** Statements whose rows have no bound known beforehand travel alone, and so does what a follower passes on. */
const alone = async (run: Run, given: GivenStatement): Promise<UnitOutcome> =>
  only(await carryOut(run, [given], { transaction: false, repeatable: true }))

/** Writes that come at the same time share a request. */
const grouped = async (run: Run, given: GivenStatement): Promise<UnitOutcome> => {
  const { client, capabilities } = run.replica
  const carryOutGrouped = (rewritten: readonly GivenStatement[]): Promise<readonly UnitOutcome[]> => {
    const planned = plainly(capabilities, rewritten)
    return Promise.all(planned.map((one) => run.writes.write(client, one, run.passage.deadline)))
  }
  return only(await deterministically(run, [given], { transaction: false, repeatable: true }, carryOutGrouped))
}

const only = ([outcome]: readonly UnitOutcome[]): UnitOutcome => {
  if (outcome === undefined) throw new DbClusterError('INTERNAL', 'rqlited left out a result')
  return outcome
}

/** In order, each with its own result, as one request and one entry of the Raft log. */
export const runBatch = async (run: Run, statements: readonly Statement[]): Promise<OperationResults['batch']> => {
  const given = planStatements(run.planner, statements)
  const outcomes = await carryOut(run, given, { transaction: false, repeatable: false })
  const results = outcomes.map((outcome, index) =>
    'error' in outcome ? { error: { ...toErrorBody(outcome.error), statement_index: index } } : outcome.result,
  )
  checkResultSize(
    results.map((result) => ('error' in result ? {} : result)),
    run.limits,
    !run.passage.readOnly,
  )
  return { results }
}

/** All or nothing, as one request and one entry of the Raft log. */
export const runTransaction = async (
  run: Run,
  statements: readonly Statement[],
): Promise<OperationResults['transaction']> => {
  const given = planStatements(run.planner, statements)
  const outcomes = await carryOut(run, given, { transaction: true, repeatable: true })
  const results = outcomes.map((outcome, index) => {
    if ('error' in outcome) throw atIndex(outcome.error, index)
    return outcome.result
  })
  return { results: checkResultSize(results, run.limits, !run.passage.readOnly) }
}

/** A checked CREATE TABLE. */
export const runCreateTable = (run: Run, schema: string): Promise<WriteResult> =>
  runWrite(run, planCreateTable(run.planner, schema).plan, undefined)

/** @throws DbClusterError `TABLE_NOT_FOUND` */
export const runDropTable = async (run: Run, table: string): Promise<WriteResult> => {
  try {
    return await runWrite(run, run.planner.plan(dropTableStatement(table)), undefined)
  } catch (thrown) {
    const error = thrown as DbClusterError
    if (error.code !== 'SQL_ERROR' || !/^no such table/.test(error.message)) throw error
    throw new DbClusterError('TABLE_NOT_FOUND', `there is no table ${JSON.stringify(table)} to drop`, {
      hint: 'GET /v1/database/schema lists the tables',
    })
  }
}

const carryOut = (run: Run, given: readonly GivenStatement[], manner: WriteManner): Promise<readonly UnitOutcome[]> =>
  deterministically(run, given, manner, (rewritten) => carryOutExactly(run, rewritten, manner))

const carryOutExactly = async (
  run: Run,
  given: readonly GivenStatement[],
  manner: WriteManner,
): Promise<readonly UnitOutcome[]> => {
  const { client, capabilities } = run.replica
  const { deadline } = run.passage
  const exact = await withExactRows(capabilities, given, async (statements) => {
    try {
      return await readApplied(run, () => client.query(statements, { level: 'weak', ...callOptions(run) }))
    } catch (error) {
      throw readFailure(error, deadline)
    }
  })
  const outcomes = await send(run, exact, manner)
  const failed = outcomes.some((outcome) => 'error' in outcome && outcome.error.code === 'SQL_ERROR')
  const altered = exact.some(({ rows }) => rows !== undefined)
  // The schema changed since it was looked at, or in the same transaction; or the statement is wrong in either form.
  return failed && altered && manner.repeatable ? send(run, plainly(capabilities, given), manner) : outcomes
}

const send = async (
  run: Run,
  planned: readonly PlannedStatement[],
  { transaction }: WriteManner,
): Promise<readonly UnitOutcome[]> => {
  const { statements, returnsRows, collect } = writeUnits(planned, transaction)
  try {
    return collect(await run.replica.client.execute(statements, { transaction, returnsRows, ...callOptions(run) }))
  } catch (error) {
    throw writeFailure(error, run.passage.deadline)
  }
}
