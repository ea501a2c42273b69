import { DbClusterError, type RowsResult, type WriteResult } from '@dbcluster/protocol'
import { isReplicaFault, type RqliteResult, type RqliteStatement } from '@dbcluster/rqlite'
import { isRead, type StatementPlan } from '@dbcluster/sql'

/**
 * SQLite's last_insert_rowid keeps what an earlier insert left: an upsert that found its row, or an insert without rowid,
 * would be told that id. So before each insert this connection inserts a 0 of its own; a temporary table is in no
 * snapshot and in no file, and a tenant can neither make nor write one.
 */
const TEMPORARY: RqliteStatement = { sql: 'CREATE TEMP TABLE IF NOT EXISTS _dbcluster_insert(id INTEGER PRIMARY KEY)' }
const FORGET_ID: RqliteStatement = { sql: 'REPLACE INTO temp._dbcluster_insert VALUES (0)' }
const COUNTS: RqliteStatement = { sql: 'SELECT changes(), last_insert_rowid()' }

/**
 * Put before a statement, in the same text, it makes rqlite's /db/request run the statement as a query: SQLite steps the
 * text's last statement, whatever it is. Without it rows of RETURNING are lost wherever rqlite's own parser does not
 * understand the statement, and a transaction is committed although one of its statements did not compile or its
 * RETURNING failed (measured; DESIGN.md).
 */
const AS_QUERY = 'SELECT 1;'

/** Asks what the statement before did, which no statement of ours may come between. */
const PAST = /last_insert_rowid|changes/i

/** A statement to be carried out in order with others, and how its rows are read. */
export interface PlannedStatement {
  readonly plan: StatementPlan
  readonly bound: RqliteStatement
  /** The same read once more, in a form that keeps values as they are. */
  readonly exactly?: RqliteStatement | undefined
  /** An assertion gives no rows. */
  readonly assert?: boolean | undefined
  rows?(plain: RqliteResult, exact: RqliteResult | undefined): RowsResult
}

/** What one statement did, or why it did not. */
export type UnitOutcome = { readonly result: WriteResult } | { readonly error: DbClusterError }

/** Statements as they go to rqlite in one request, and the way back. */
export interface WriteUnits {
  readonly statements: readonly RqliteStatement[]
  /** They must go to rqlite's endpoint that gives rows. */
  readonly returnsRows: boolean
  /** What each did; in a transaction up to the one that failed. @throws DbClusterError `OUTCOME_UNKNOWN` */
  collect(results: readonly RqliteResult[]): readonly UnitOutcome[]
}

interface Unit {
  readonly planned: PlannedStatement
  readonly from: number
  /** Where its own result is, counted from the first of all. */
  readonly at: number
  readonly exactAt: number | undefined
  readonly countsAt: number | undefined
  readonly end: number
}

/** Lays statements out for one request. */
export const writeUnits = (planned: readonly PlannedStatement[], transaction: boolean): WriteUnits => {
  const returnsRows = planned.some(({ plan, assert }) => plan.returning || (isRead(plan) && assert !== true))
  const needsTable = returnsRows || planned.some(({ plan }) => plan.isInsert)
  // It is also what keeps rqlite from taking the request for a read.
  const statements: RqliteStatement[] = needsTable ? [TEMPORARY] : []
  const push = (statement: RqliteStatement): number => statements.push(statement) - 1
  const units = planned.map((one): Unit => {
    const { plan, bound, exactly } = one
    const asQuery = returnsRows && (transaction || plan.returning)
    const as = (statement: RqliteStatement): RqliteStatement =>
      asQuery ? { ...statement, sql: `${AS_QUERY}${statement.sql}` } : statement
    const from = statements.length
    if (plan.isInsert && !PAST.test(plan.sql)) push(FORGET_ID)
    const at = push(as(bound))
    const exactAt = exactly === undefined ? undefined : push(as(exactly))
    const countsAt = asQuery && plan.kind === 'write' ? push(COUNTS) : undefined
    return { planned: one, from, at, exactAt, countsAt, end: statements.length }
  })
  return {
    statements,
    returnsRows,
    collect: (results) => (transaction ? untilFailed(units, results) : units.map((unit) => outcomeOf(unit, results))),
  }
}

const untilFailed = (units: readonly Unit[], results: readonly RqliteResult[]): readonly UnitOutcome[] => {
  const failed = results.findIndex((result) => result.error !== undefined)
  if (failed < 0) return units.map((unit) => outcomeOf(unit, results))
  if (failed < results.length - 1) {
    throw new DbClusterError(
      'OUTCOME_UNKNOWN',
      'rqlited went on with a transaction after one of its statements failed',
      {
        hint: 'read back what it should have changed, and report the version of rqlited',
      },
    )
  }
  const index = units.findIndex(({ end }) => failed < end)
  return units.slice(0, index + 1).map((unit, at) => (at < index ? outcomeOf(unit, results) : failure(results[failed])))
}

const outcomeOf = ({ planned, at, exactAt, countsAt }: Unit, results: readonly RqliteResult[]): UnitOutcome => {
  const result = results[at]
  const exact = exactAt === undefined ? undefined : results[exactAt]
  if (result === undefined || result.error !== undefined) return failure(result)
  if (exact?.error !== undefined) return failure(exact)
  const { plan, assert, rows } = planned
  const counts =
    plan.kind !== 'write' ? NOTHING : countsOf(result, countsAt === undefined ? undefined : results[countsAt])
  const { rowsAffected } = counts
  const written = { rowsAffected, lastInsertId: plan.isInsert && rowsAffected > 0 ? counts.lastInsertId : 0 }
  if (assert === true || (!plan.returning && !isRead(plan))) return { result: written }
  const read = rows?.(result, exact) ?? { columns: result.columns, rows: result.rows }
  return { result: { ...written, ...read } }
}

const NOTHING = { rowsAffected: 0, lastInsertId: 0 } as const

const countsOf = (
  own: RqliteResult,
  asked: RqliteResult | undefined,
): Pick<WriteResult, 'rowsAffected' | 'lastInsertId'> => {
  if (asked === undefined) return own
  const [changes, id] = asked.rows[0] ?? []
  return { rowsAffected: Number(changes ?? 0), lastInsertId: typeof id === 'bigint' ? id : Number(id ?? 0) }
}

const failure = (result: RqliteResult | undefined): UnitOutcome => {
  const error =
    result?.error ?? new DbClusterError('INTERNAL', 'rqlited left out a result', { details: { outcome: 'unknown' } })
  return { error: isReplicaFault(error.code) ? onOneReplica(error) : error }
}

/** The statement is in the Raft log: where disk and memory suffice, the other replicas have carried it out. */
const onOneReplica = (cause: DbClusterError): DbClusterError =>
  new DbClusterError(
    'OUTCOME_UNKNOWN',
    `the replica that answered could not carry it out (${cause.message}); others may have`,
    {
      hint: 'read back what it should have changed; look at the disk and memory of the node that leads this database',
      details: { outcome: 'unknown', sqlite: cause.code },
      cause,
    },
  )
