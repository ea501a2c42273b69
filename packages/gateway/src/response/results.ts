import type { ResultMeta, RowsResult, StatementResult, WriteResult } from '@dbcluster/protocol'
import { type Fields, type Format, raw, rowsFields } from './body.js'

/** Rows of a query. */
export const queryFields = (result: RowsResult, format: Format): Fields => {
  const { items, ...rest } = rowsFields(result, format)
  return { items, count: result.rows.length, ...rest }
}

/** A write: what it changed, and the rows of RETURNING. */
export const writeResultFields = (result: WriteResult, format: Format): Fields => ({
  rows_affected: result.rowsAffected,
  last_insert_id: result.lastInsertId,
  ...(result.columns === undefined || result.rows === undefined
    ? {}
    : rowsFields({ columns: result.columns, rows: result.rows }, format)),
})

/** Results of a batch or transaction, one object each. */
export const resultList = (results: readonly StatementResult[], format: Format): readonly unknown[] =>
  results.map((result) => raw('error' in result ? { error: result.error } : writeResultFields(result, format), format))

/** How the request was served, as the tagged format tells it. */
export const metaFields = (meta: ResultMeta): Fields => ({
  served_by: meta.servedBy,
  duration_ms: meta.durationMs,
  consistency: meta.consistency,
  attempts: meta.attempts,
  woke_ms: meta.wokeMs,
})
