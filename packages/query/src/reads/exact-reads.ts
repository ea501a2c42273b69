import { type Consistency, DbClusterError, type RowsResult, type SqlArgs } from '@dbcluster/protocol'
import type { CallOptions, RqliteCapabilities, RqliteClient, RqliteResult } from '@dbcluster/rqlite'
import { type ExactRead, type StatementPlan, wrapForExactValues } from '@dbcluster/sql'
import { explainMarker } from '../explain-marker.js'
import { withoutIndex } from '../statement-index.js'
import { boundStatement } from './bound.js'
import { isFaithful } from './faithful-types.js'

/** Statements whose columns are remembered; the one not used for longest goes first. */
const MAX_REMEMBERED = 1_000
/** Longer texts are not remembered, so that the bound above is one of memory too. */
const MAX_REMEMBERED_CHARS = 8_192
/** Reads of one statement while the schema changes each time in between. */
const MAX_TRIES = 3

const SCHEMA_VERSION = { sql: 'PRAGMA schema_version' }

interface Columns {
  readonly schemaVersion: unknown
  readonly columns: readonly string[]
  readonly exact: ExactRead
}

/** What a read gave, at the level really used. */
export interface ReadReply extends RowsResult {
  readonly consistency: Consistency
}

/** How one read is to be made. */
export interface ReadRequest extends Required<CallOptions> {
  readonly clusterId: string
  readonly client: RqliteClient
  readonly capabilities: RqliteCapabilities
  readonly plan: StatementPlan
  readonly args: SqlArgs | undefined
  readonly level: Consistency
}

/**
 * Reads whose values are what SQLite holds. Columns of numbers and blobs take one plain query. A statement with others is
 * read again, wrapped so that no value can change on its way; its column names are remembered, and hold for as long as
 * the schema's version, which travels along, stays the same: from then on it is one query too.
 */
export class ExactReads {
  readonly #remembered = new Map<string, Columns>()

  async read(request: ReadRequest): Promise<ReadReply> {
    const key = `${request.clusterId}\n${request.plan.sql}`
    const remembered = this.#remembered.get(key)
    this.#remembered.delete(key)
    if (remembered !== undefined) {
      const reply = await this.#wrapped(request, key, remembered)
      if (reply !== undefined) return reply
    }
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const { version, result, consistency } = await query(request, request.plan)
      if (result.error !== undefined) throw withoutIndex(explainMarker(result.error))
      const { columns, rows, types } = result
      const faithful = rows.length === 0 || types.every(isFaithful)
      const exact = faithful ? undefined : wrapForExactValues(request.plan, columns.length)
      if (exact === undefined) return { columns, rows, consistency }
      const reply = await this.#wrapped(request, key, { schemaVersion: version, columns, exact })
      if (reply !== undefined) return reply
    }
    throw new DbClusterError('DATABASE_UNAVAILABLE', `the schema changed ${MAX_TRIES} times during one read`, {
      hint: 'send it again',
    })
  }

  /** Undefined when the schema is not the one that the columns are known of. */
  async #wrapped(request: ReadRequest, key: string, known: Columns): Promise<ReadReply | undefined> {
    const { columns, exact } = known
    const { version, result, consistency } = await query(request, exact.plan)
    if (version !== known.schemaVersion) return undefined
    // With the same schema the wrapped statement fails as the plain one does: a division, a missing argument.
    if (result.error !== undefined) throw withoutIndex(explainMarker(result.error))
    this.#remember(key, known)
    return { columns, rows: result.rows.map((row) => exact.decodeRow(row)), consistency }
  }

  #remember(key: string, columns: Columns): void {
    if (key.length > MAX_REMEMBERED_CHARS) return
    this.#remembered.set(key, columns)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest)
  }
}

interface Answer {
  readonly version: unknown
  readonly result: RqliteResult
  readonly consistency: Consistency
}

const query = async (request: ReadRequest, plan: StatementPlan): Promise<Answer> => {
  const { client, capabilities, args, level, signal, timeoutMs, forward } = request
  const statements = [SCHEMA_VERSION, boundStatement(capabilities, plan, args)]
  const { results, consistency } = await client.query(statements, { level, signal, timeoutMs, forward })
  const [version, result] = results
  if (version === undefined || result === undefined) throw new DbClusterError('INTERNAL', 'rqlited left out a result')
  return { version: version.rows[0]?.[0], result, consistency }
}
