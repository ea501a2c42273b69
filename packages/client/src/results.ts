import type { ErrorBody, ResultMeta, RowsResult, StatementResult, WriteResult } from '@dbcluster/protocol'
import { type DbClusterError, fromErrorBody } from '@dbcluster/protocol/errors'
import type { SqlValue } from '@dbcluster/protocol/values'

/** A row as an object; of columns with the same name the last one wins. */
export type Row = Record<string, SqlValue>

/** Rows of a read. */
export interface QueryResult<T> {
  readonly rows: readonly T[]
  readonly columns: readonly string[]
  /** The same rows as arrays: keeps columns that share a name apart. */
  readonly values: readonly (readonly SqlValue[])[]
  readonly meta: ResultMeta
}

/** What one statement did. */
export interface StatementOutcome<T = Row> {
  /** 0 for DDL. */
  readonly rowsAffected: number
  /** 0 unless this statement inserted; a bigint beyond ±(2^53-1). */
  readonly lastInsertRowid: number | bigint
  /** Rows of `RETURNING`, or of a read in a batch. */
  readonly rows?: readonly T[]
  readonly columns?: readonly string[]
}

/** What one write did, and how it was served. */
export interface ExecuteResult<T = Row> extends StatementOutcome<T> {
  readonly meta: ResultMeta
}

/** A statement of a batch: each succeeds or fails alone. */
export type BatchOutcome = StatementOutcome | { readonly error: DbClusterError }

/** Rows as objects. @typeParam T what the caller says a row is; not checked */
export const toObjects = <T>({ columns, rows }: RowsResult): T[] => {
  // Assigning "__proto__" would set the prototype; defining does not, and is slower.
  const hostile = columns.includes('__proto__')
  return rows.map((values) => {
    if (hostile) return Object.fromEntries(columns.map((name, at) => [name, values[at]])) as T
    const row: Record<string, SqlValue | undefined> = {}
    for (let at = 0; at < columns.length; at++) row[columns[at] as string] = values[at]
    return row as T
  })
}

/** The outcome of one write as callers see it. */
export const toOutcome = <T = Row>(result: WriteResult): StatementOutcome<T> => ({
  rowsAffected: result.rowsAffected,
  lastInsertRowid: result.lastInsertId,
  ...(result.columns !== undefined && result.rows !== undefined
    ? { columns: result.columns, rows: toObjects<T>({ columns: result.columns, rows: result.rows }) }
    : {}),
})

/** The outcome of one statement of a batch. */
export const toBatchOutcome = (result: StatementResult, index: number): BatchOutcome =>
  'error' in result
    ? { error: fromErrorBody({ statement_index: index, ...(result.error as ErrorBody) }) }
    : toOutcome(result)
