import { DbClusterError } from '@dbcluster/protocol'
import type { RqliteResult, RqliteStatement } from '@dbcluster/rqlite'
import type { StatementPlan } from '@dbcluster/sql'

/** What rqlite tells of an INSERT with RETURNING is its rows alone; the id is asked for on the same connection. */
const LAST_ID: RqliteStatement = { sql: 'SELECT last_insert_rowid()' }

/** An upsert; a literal that looks like one only costs the question. */
const UPSERT = /\bdo\s+update\b/i

/** One planned statement, bound. */
export interface PlannedStatement {
  readonly plan: StatementPlan
  readonly bound: RqliteStatement
}

/** What one statement did, whatever rqlite itself told of it. */
export interface UnitResult {
  readonly result: RqliteResult
  readonly rowsAffected: number
  readonly lastInsertId: number | bigint
}

/** Statements as they go to rqlite, each with the questions that its counts take, and the way back. */
export interface WriteUnits {
  readonly statements: readonly RqliteStatement[]
  /** Whether a statement gives rows. */
  readonly returnsRows: boolean
  /** Which of the planned statements the one at this place belongs to. */
  indexOf(position: number): number
  /** What each did; only of those that rqlite answered for, in a transaction up to the one that failed. */
  collect(results: readonly RqliteResult[]): readonly UnitResult[]
}

interface Unit {
  readonly at: number
  readonly before: boolean
  readonly after: boolean
}

/** Lays planned statements out for one request. */
export const writeUnits = (planned: readonly PlannedStatement[], rows = false): WriteUnits => {
  const statements: RqliteStatement[] = []
  const owners: number[] = []
  const add = (index: number, statement: RqliteStatement): number =>
    owners.push(index) && statements.push(statement) - 1
  const units = planned.map(({ plan, bound }, index): Unit => {
    const before = plan.isInsert && UPSERT.test(plan.sql)
    const after = plan.isInsert && plan.returning
    if (before) add(index, LAST_ID)
    const at = add(index, bound)
    if (after) add(index, LAST_ID)
    return { at, before, after }
  })
  return {
    statements,
    returnsRows: rows || units.some((unit) => unit.before || unit.after) || planned.some(({ plan }) => plan.returning),
    indexOf: (position) => owners[position] ?? 0,
    collect: (results) =>
      units.flatMap((unit, index) => {
        const result = results[unit.at]
        const plan = planned[index]?.plan
        return result === undefined || plan === undefined ? [] : [{ result, ...countsOf(plan, unit, results) }]
      }),
  }
}

/** Counts that mean something: SQLite's own keep what an earlier statement left. */
const countsOf = (
  plan: StatementPlan,
  { at, before, after }: Unit,
  results: readonly RqliteResult[],
): Omit<UnitResult, 'result'> => {
  const result = results[at]
  if (plan.kind !== 'write' || result === undefined || result.error !== undefined)
    return { rowsAffected: 0, lastInsertId: 0 }
  const rowsAffected = plan.returning ? result.rows.length : result.rowsAffected
  if (!plan.isInsert || rowsAffected === 0) return { rowsAffected, lastInsertId: 0 }
  const id = after ? idIn(results[at + 1]) : result.lastInsertId
  // An upsert that found its row inserted nothing, and left the id of the insert before.
  const inserted = !before || BigInt(id) !== BigInt(idIn(results[at - 1]))
  return { rowsAffected, lastInsertId: inserted ? id : 0 }
}

const idIn = (result: RqliteResult | undefined): number | bigint => {
  const id = result?.rows[0]?.[0]
  if (typeof id === 'number' || typeof id === 'bigint') return id
  throw new DbClusterError('INTERNAL', 'rqlited left out the id of the last insert')
}
