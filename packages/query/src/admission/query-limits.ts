import { LIMITS } from '@dbcluster/protocol'

/**
 * What one request may bring and take with it; the section `sql` of a node's configuration. Length and parameters of a
 * statement are bounds of the planner.
 */
export interface QueryLimits {
  /** Statements of one batch or transaction. */
  readonly statementsMax: number
  /** Rows of one result, those of all statements of a batch or transaction together. */
  readonly resultRowsMax: number
  /** Size of one result in bytes, about as it is encoded. */
  readonly resultBytesMax: number
}

/** What a node allows that was told nothing else. */
export const DEFAULT_QUERY_LIMITS: QueryLimits = {
  statementsMax: LIMITS.statementsPerRequest,
  resultRowsMax: LIMITS.resultRows,
  resultBytesMax: LIMITS.resultBytes,
}
