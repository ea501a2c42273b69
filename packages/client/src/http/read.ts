import type { ErrorBody, ResultMeta, RowsResult, WriteResult } from '@dbcluster/protocol'
import { type DbClusterError, fromErrorBody } from '@dbcluster/protocol/errors'
import { fromJsonValue, type SqlValue } from '@dbcluster/protocol/values'

/** A parsed answer; its fields are trusted as far as the gateway is. */
export type Json = Record<string, unknown>

/** The error that a gateway's answer carries; `undefined` when it isn't one. */
export const readError = (response: Response, text: string): DbClusterError | undefined => {
  let body: ErrorBody | undefined
  try {
    body = (JSON.parse(text) as { readonly error?: ErrorBody }).error
  } catch {}
  if (typeof body?.code !== 'string' || typeof body.message !== 'string') return undefined
  const requestId = response.headers.get('x-request-id')
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  return fromErrorBody({
    ...(requestId === null ? {} : { request_id: requestId }),
    ...body,
    ...(Number.isFinite(retryAfter) ? { details: { ...body.details, retry_after: retryAfter } } : {}),
  })
}

/** How the request was served. Attempts of gateway and client add up. */
export const readMeta = (answer: Json, attempt: number): ResultMeta => {
  const meta = (answer.meta ?? {}) as Json
  return {
    servedBy: String(meta.served_by ?? ''),
    durationMs: Number(meta.duration_ms ?? 0),
    attempts: Number(meta.attempts ?? 1) + attempt - 1,
    ...(meta.consistency === undefined ? {} : { consistency: meta.consistency as 'weak' }),
    ...(meta.woke_ms === undefined ? {} : { wokeMs: Number(meta.woke_ms) }),
  }
}

/** Rows with their tags turned back into values. */
export const readRows = (answer: Json): RowsResult => ({
  columns: answer.columns as readonly string[],
  rows: (answer.rows as readonly (readonly unknown[])[]).map((row) => row.map(readValue)),
})

/** The outcome of one write. */
export const readWrite = (answer: Json): WriteResult => ({
  rowsAffected: Number(answer.rows_affected),
  lastInsertId: readValue(answer.last_insert_id ?? 0) as number | bigint,
  ...(answer.columns === undefined ? {} : readRows(answer)),
})

// Only an object is a tag; a text that looks like one is a text.
const readValue = (value: unknown): SqlValue =>
  typeof value === 'object' && value !== null ? fromJsonValue(value, 'a value of the answer') : (value as SqlValue)
