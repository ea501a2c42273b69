import { DbClusterError, type RowsResult } from '@dbcluster/protocol'
import type { QueryLimits } from '../admission/query-limits.js'

/** What a value takes beside its own bytes, about as CBOR has it. */
const VALUE_BYTES = 9

/**
 * Lets a result through that an answer can carry. Looked at before it is encoded, so that nothing larger is ever built.
 * @throws DbClusterError `RESULT_TOO_LARGE` beyond the limits of rows or bytes
 */
export const checkResultSize = <T extends readonly Partial<RowsResult>[]>(
  results: T,
  { resultRowsMax, resultBytesMax }: QueryLimits,
  written: boolean,
): T => {
  const rows = results.reduce((sum, result) => sum + (result.rows?.length ?? 0), 0)
  if (rows > resultRowsMax) {
    throw tooLarge(`${rows} rows, the limit (sql.max_result_rows of the node) is ${resultRowsMax}`, written)
  }
  let bytes = 0
  for (const result of results) {
    for (const row of result.rows ?? []) {
      for (const value of row) bytes += VALUE_BYTES + ownBytes(value)
      if (bytes > resultBytesMax) {
        throw tooLarge(`more than ${resultBytesMax} bytes, the limit (sql.max_result_size of the node)`, written)
      }
    }
  }
  return results
}

const ownBytes = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Uint8Array ? value.length : 0
}

/** The error for rows beyond the bounds. A write that gave them has been carried out, and its caller must know. */
export const tooLarge = (what: string, written: boolean): DbClusterError =>
  written
    ? new DbClusterError('RESULT_TOO_LARGE', `the statements were carried out, but their rows have ${what}`, {
        hint: 'do not send them again; let RETURNING give fewer columns, or read the rows in pages',
        details: { applied: true },
      })
    : new DbClusterError('RESULT_TOO_LARGE', `the result has ${what}`, {
        hint: 'page through it with LIMIT and a condition on the last key seen',
      })
