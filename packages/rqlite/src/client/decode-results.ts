import { DbClusterError, type SqlValue } from '@dbcluster/protocol'
import { decodeJson } from './decode-json.js'
import { statementError } from './statement-error.js'
import type { RqliteResult } from './types.js'

/** The reply to a query or an execute: one result per statement, or the failure of the whole. */
export interface DecodedReply {
  readonly results: readonly RqliteResult[]
  /** Failure of the request as a whole, which rqlite reports with status 200 too. */
  readonly error: string | undefined
}

/**
 * Reads the body of a reply from `/db/execute`, `/db/query` or `/db/request` asked with `blob_array`.
 * @throws DbClusterError `INTERNAL` when it isn't one
 */
export const decodeReply = (body: string): DecodedReply => {
  const reply = parseBody(body)
  const results = Array.isArray(reply.results) ? reply.results : []
  return {
    results: results.map((result, index) => decodeResult(isObject(result) ? result : {}, index)),
    error: typeof reply.error === 'string' ? reply.error : undefined,
  }
}

const parseBody = (body: string): Record<string, unknown> => {
  try {
    const reply = decodeJson(body)
    if (isObject(reply)) return reply
  } catch (cause) {
    throw new DbClusterError('INTERNAL', `rqlited's reply of ${body.length} characters is not JSON`, { cause })
  }
  throw new DbClusterError('INTERNAL', `rqlited's reply of ${body.length} characters is not an object`)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const decodeResult = (result: Record<string, unknown>, index: number): RqliteResult => {
  const types = texts(result.types)
  return {
    columns: texts(result.columns),
    types,
    rows: Array.isArray(result.values) ? result.values.map((row) => decodeRow(row, types)) : [],
    rowsAffected: Number(result.rows_affected ?? 0),
    lastInsertId: integer(result.last_insert_id),
    ...(typeof result.error === 'string' ? { error: statementError(result.error, index) } : {}),
  }
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

const integer = (value: unknown): number | bigint =>
  typeof value === 'number' || typeof value === 'bigint' ? value : 0

const decodeRow = (row: unknown, types: readonly string[]): readonly SqlValue[] =>
  Array.isArray(row) ? row.map((value, column) => decodeValue(value, types[column])) : []

const decodeValue = (value: unknown, type: string | undefined): SqlValue => {
  switch (typeof value) {
    case 'string':
    case 'number':
      return value
    case 'bigint':
      // Go writes a REAL below 1e21 without exponent or point.
      return type === 'real' ? Number(value) : value
    case 'boolean':
      // The driver turns integers of BOOLEAN columns into booleans; SQLite has none.
      return value ? 1 : 0
    default:
      return Array.isArray(value) ? Uint8Array.from(value) : null
  }
}
