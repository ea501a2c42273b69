import { DbClusterError, type SqlArgs, type SqlValue } from '@dbcluster/protocol'
import { argumentValues } from '../bind.js'
import { asciiLower } from '../identifier.js'
import { blobLiteral } from '../literal.js'
import { type PlanLimits, planStatement, type StatementPlan } from '../plan.js'
import { completeInsert } from './complete-insert.js'
import { defineDeterministically } from './define.js'
import { insertShapeOf } from './insert-shape.js'
import type { KnownSchema } from './known-schema.js'
import { mentionsLastRowid, refuseLastRowid } from './last-rowid.js'
import { type Moment, momentOf, nowFormOf } from './now.js'
import { evaluatedOnce } from './once.js'
import type { Policy } from './policy.js'
import { resultColumnsOf } from './result-columns.js'
import { rewrite } from './rewrite.js'
import { type Source, sourceOf } from './source.js'
import { columnsOf } from './table-definition.js'
import { refuse } from './volatile.js'

/** What the statements before, in the same transaction, have surely set on every replica. */
export interface ConnectionPast {
  readonly changes: boolean
  readonly lastInsertRowid: boolean
}

/** At the beginning of a transaction nothing is known of the connection. */
export const NO_PAST: ConnectionPast = { changes: false, lastInsertRowid: false }

/** Where the values come from that replace what replicas would evaluate apart. */
export interface DeterminismContext {
  /** The statement's one moment, in milliseconds of Unix time. */
  readonly nowMs: number
  /** Random bytes that nobody can foresee, as many as asked for. */
  readonly randomBytes: (count: number) => Uint8Array
  /** The database's tables, as the statement will find them. */
  readonly schema: KnownSchema
  /** @default NO_PAST */
  readonly past?: ConnectionPast
  /** Bounds for the statement after it was rewritten. */
  readonly limits?: PlanLimits
}

/** Largest sum of bytes that `randomblob` calls of one statement are replaced by: they travel as literals. */
export const RANDOM_BLOB_MAX_BYTES = 64 * 1024

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
  if (!mayBeVolatile(completed)) return completed
  const source = sourceOf(completed.sql)
  const isPlainDefinition = plan.kind === 'ddl' && !isTableFromSelect(plan, source)
  const sql = isPlainDefinition
    ? defineDeterministically(source, completed, context.schema)
    : rewrite(
        source,
        writePolicy(source, completed, args, context),
        { from: 0, end: source.tokens.length },
        resultColumnsOf(source, completed.isInsert),
      )
  return sql === completed.sql ? completed : replan(completed, sql, context)
}

/** Whether a statement cannot be made deterministic without the database's tables. */
export const needsKnownSchema = (plan: StatementPlan, args: SqlArgs | undefined): boolean =>
  plan.isInsert || plan.kind === 'ddl' || (plan.verb === 'UPDATE' && mentionsLastRowid(plan, args))

const checkLastRowid = (plan: StatementPlan, args: SqlArgs | undefined, { schema }: DeterminismContext): void => {
  const source = sourceOf(plan.sql)
  const values = argumentValues(plan, args)
  const byStart = new Map(plan.parameters.uses.map(({ start, parameter }) => [start, values[parameter - 1] ?? null]))
  refuseLastRowid(source, plan, schema, (token) => byStart.get(source.tokens[token]?.start ?? -1) ?? null)
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

const isTableFromSelect = (plan: StatementPlan, source: Source): boolean =>
  plan.verb === 'CREATE TABLE' && columnsOf(source) === undefined

const withOmittedDefaults = (plan: StatementPlan, context: DeterminismContext): StatementPlan => {
  if ((context.schema.get(asciiLower(plan.target ?? ''))?.defaults ?? []).length === 0) return plan
  const sql = completeInsert(sourceOf(plan.sql), context.schema)
  return sql === undefined ? plan : replan(plan, sql, context)
}

/** The new text goes through every check again: a stored default is a text of the tenant's too. */
const replan = (before: StatementPlan, sql: string, { limits }: DeterminismContext): StatementPlan => {
  const plan = planStatement(sql, limits)
  const isSame =
    plan.verb === before.verb && plan.target === before.target && plan.parameters.count === before.parameters.count
  if (isSame) return plan
  throw new DbClusterError('NONDETERMINISTIC_SQL', 'a default of the table does not fit into the statement', {
    hint: 'name every column in the INSERT and give it a value',
  })
}

const writePolicy = (
  source: Source,
  plan: StatementPlan,
  args: SqlArgs | undefined,
  { nowMs, randomBytes, past = NO_PAST }: DeterminismContext,
): Policy => {
  const moment: Moment = momentOf(nowMs)
  const values = lazily(() => argumentValues(plan, args))
  const isOnce = lazily(() => evaluatedOnce(source, plan.verb))
  const parameters = new Map(plan.parameters.uses.map(({ start, parameter }) => [start, parameter]))
  const parameterAt = (token: number): number => parameters.get(source.tokens[token]?.start ?? -1) ?? 0
  const valueAt = (token: number): SqlValue => values()[parameterAt(token) - 1] ?? null
  const written = new Map<number, string>()
  let blobBytes = 0
  const perCall = (token: number, offset: number, value: () => string): string => {
    if (!isOnce()(token)) refuse('random values for each row of several', RANDOM_HINT, offset)
    const sql = written.get(token) ?? value()
    written.set(token, sql)
    return sql
  }
  return {
    now: (keyword) => moment.keywords.get(keyword) ?? moment.timeValue,
    lateNow: () => moment.timeValue,
    random: (token, offset) => perCall(token, offset, () => randomInteger(randomBytes(8))),
    randomBlob: (token, size, offset) =>
      perCall(token, offset, () => {
        if (size === undefined) return refuse('randomblob() of a size that is no plain number', BLOB_HINT, offset)
        const bytes = Math.max(1, size)
        blobBytes += bytes
        if (blobBytes > RANDOM_BLOB_MAX_BYTES) return refuse('randomblob() is too large', BLOB_HINT, offset)
        return blobLiteral(randomBytes(bytes))
      }),
    connection: (name, _, offset) => {
      if (name === 'changes' ? past.changes : past.lastInsertRowid) return
      refuse(`${name}() tells of what the replica's connection did before`, CONNECTION_HINT, offset)
    },
    replica: (name, offset) =>
      refuse(`${name} differs between replicas`, 'read it in a query, and pass the value as a parameter', offset),
    parameterForm: (token) => nowFormOf(valueAt(token)),
    parameterInteger: (token) => {
      const value = valueAt(token)
      return typeof value === 'number' && Number.isInteger(value) ? value : undefined
    },
    parameterAgain: (token) => `?${parameterAt(token)}`,
  }
}

const RANDOM_HINT = 'pass random values as parameters, one statement per row; INSERT … VALUES may call random() itself'
const BLOB_HINT = `write randomblob(16), at most ${RANDOM_BLOB_MAX_BYTES} bytes in a statement, or pass a parameter`
const CONNECTION_HINT =
  'use it in a transaction behind INSERT … VALUES without OR IGNORE and ON CONFLICT, or take the id from RETURNING'

/** As `random()`: 64 bits, the smallest excepted. The sum keeps ORDER BY from taking it for a column's number. */
const randomInteger = (bytes: Uint8Array): string => {
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0)
  return `(0+${value < 0n ? `(-${-(value + 1n)})` : value})`
}

const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
