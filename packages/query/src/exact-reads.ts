import { type Consistency, DbClusterError, LIMITS, type RowsResult, type SqlArgs } from '@dbcluster/protocol'
import type { RqliteCapabilities, RqliteClient, RqliteResult } from '@dbcluster/rqlite'
import { type StatementPlan, wrapForExactValues } from '@dbcluster/sql'
import { boundStatement } from './bound.js'
import { withoutIndex } from './statement-index.js'

/** Statements whose columns are remembered to need exact reading. */
const MAX_REMEMBERED = 1_000

/**
 * Types of columns whose values rqlite passes on as they are, blobs among them too. In the others they may change:
 * booleans and times by declaration, and blobs in text columns, in columns without a type and in expressions come as
 * text (measured: DESIGN.md of @dbcluster/rqlite).
 */
const FAITHFUL = /^(?:integer|int|bigint|smallint|tinyint|mediumint|real|double|float|numeric|decimal|blob)\b/i

const SCHEMA_VERSION = { sql: 'PRAGMA schema_version' }

interface Remembered {
  readonly schemaVersion: unknown
  readonly columns: readonly string[]
}

/** What a read gave, at the level really used. */
export interface ReadReply extends RowsResult {
  readonly consistency: Consistency
}

/** How one read is to be made. */
export interface ReadRequest {
  readonly database: string
  readonly client: RqliteClient
  readonly capabilities: RqliteCapabilities
  readonly plan: StatementPlan
  readonly args: SqlArgs | undefined
  readonly level: Consistency
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/**
 * Reads whose values are what SQLite holds. Columns of numbers and blobs take one plain query. A statement with others is
 * read again, wrapped so that no value can change on its way; its column names are remembered, and hold for as long as
 * the schema's version, which travels along, stays the same: from then on it is one query too.
 */
export class ExactReads {
  readonly #remembered = new Map<string, Remembered>()

  async read(request: ReadRequest): Promise<ReadReply> {
    const key = `${request.database}\n${request.plan.sql}`
    const remembered = this.#remembered.get(key)
    if (remembered !== undefined) {
      const reply = await this.#readRemembered(request, remembered)
      if (reply !== undefined) return reply
      this.#remembered.delete(key)
    }
    const { results, consistency } = await this.#query(request, [request.plan])
    const result = successful(results[0])
    if (result.types.every((type) => FAITHFUL.test(type)))
      return checkSize({ columns: result.columns, rows: result.rows, consistency })
    return this.#readConverted(request, key, result)
  }

  async #readRemembered(request: ReadRequest, remembered: Remembered): Promise<ReadReply | undefined> {
    const exact = wrapForExactValues(request.plan, remembered.columns.length)
    if (exact === undefined) return undefined
    const { results, consistency } = await this.#query(request, [undefined, exact.plan])
    if (
      results[0]?.rows[0]?.[0] !== remembered.schemaVersion ||
      results[1] === undefined ||
      results[1].error !== undefined
    )
      return undefined
    return checkSize({
      columns: remembered.columns,
      rows: results[1].rows.map((row) => exact.decodeRow(row)),
      consistency,
    })
  }

  async #readConverted(request: ReadRequest, key: string, plain: RqliteResult): Promise<ReadReply> {
    const exact = wrapForExactValues(request.plan, plain.columns.length)
    if (exact === undefined) return { columns: plain.columns, rows: plain.rows, consistency: request.level }
    const { results, consistency } = await this.#query(request, [undefined, request.plan, exact.plan])
    const [version, again, wrapped] = [results[0], successful(results[1]), successful(results[2])]
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(key, { schemaVersion: version?.rows[0]?.[0], columns: again.columns })
    return checkSize({ columns: again.columns, rows: wrapped.rows.map((row) => exact.decodeRow(row)), consistency })
  }

  #query(request: ReadRequest, plans: readonly (StatementPlan | undefined)[]): ReturnType<RqliteClient['query']> {
    const { client, capabilities, args, level, signal, timeoutMs } = request
    const statements = plans.map((plan) =>
      plan === undefined ? SCHEMA_VERSION : boundStatement(capabilities, plan, args),
    )
    return client.query(statements, { level, signal, timeoutMs })
  }
}

const successful = (result: RqliteResult | undefined): RqliteResult => {
  if (result === undefined) throw new DbClusterError('INTERNAL', 'rqlited left out a result')
  if (result.error !== undefined) throw withoutIndex(result.error)
  return result
}

const checkSize = (reply: ReadReply): ReadReply => {
  if (reply.rows.length <= LIMITS.resultRows) return reply
  throw new DbClusterError(
    'RESULT_TOO_LARGE',
    `the result has ${reply.rows.length} rows, the bound is ${LIMITS.resultRows}`,
    {
      hint: 'page through it with LIMIT and a condition on the last key seen',
    },
  )
}
