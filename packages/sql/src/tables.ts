import { DbClusterError, hasLoneSurrogate } from '@dbcluster/protocol'
import { isReservedName, quoteIdentifier } from './identifier.js'
import type { StatementPlan } from './plan.js'
import type { SqlPlanner } from './planner.js'
import { refusal } from './refusals.js'

/** A checked CREATE TABLE. */
export interface CreateTablePlan {
  readonly plan: StatementPlan
  /** Name of the table, unquoted. */
  readonly table: string
  readonly ifNotExists: boolean
}

/**
 * Checks that a text is exactly one CREATE TABLE.
 * @throws DbClusterError as `planStatement` does, and `SQL_FORBIDDEN` for any other statement
 */
export const planCreateTable = (planner: SqlPlanner, sql: string): CreateTablePlan => {
  const plan = planner.plan(sql)
  if (plan.verb !== 'CREATE TABLE' || plan.explain || plan.target === undefined) {
    const hint = 'pass one CREATE TABLE statement; other statements go to exec (execute in the SDK)'
    throw refusal('SQL_FORBIDDEN', `expected CREATE TABLE, not ${plan.explain ? 'EXPLAIN' : plan.verb}`, hint)
  }
  return { plan, table: plan.target, ifNotExists: plan.conditional }
}

/** Longest name that `dropTableStatement` takes, in UTF-16 code units. */
export const TABLE_NAME_MAX_CHARS = 1_024

/**
 * The DROP TABLE for a table's plain name; any name works, since it is quoted here. It has no IF EXISTS: a missing table
 * is SQLite's error `no such table`.
 * @throws DbClusterError `INVALID_NAME` when empty, too long, with a NUL or half of a surrogate pair; `SQL_FORBIDDEN` for
 * tables of SQLite, rqlite and dbcluster
 */
export const dropTableStatement = (table: unknown): string => {
  const refuse = (what: string): never => {
    throw new DbClusterError('INVALID_NAME', `the table's name ${what}`, {
      hint: `pass the plain name of one table, unquoted, at most ${TABLE_NAME_MAX_CHARS} characters`,
    })
  }
  if (typeof table !== 'string') return refuse(`is a ${table === null ? 'null' : typeof table}`)
  if (table === '') return refuse('is empty')
  if (table.length > TABLE_NAME_MAX_CHARS) return refuse(`has ${table.length} characters`)
  if (table.includes('\0')) return refuse('contains a NUL')
  if (hasLoneSurrogate(table)) return refuse('contains half of a surrogate pair')
  if (isReservedName(table)) {
    throw refusal('SQL_FORBIDDEN', `${table.slice(0, 64)} is a reserved name`, 'system tables cannot be dropped')
  }
  return `DROP TABLE ${quoteIdentifier(table)}`
}
