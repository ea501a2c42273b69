/** How one error code behaves: its HTTP status, and whether the very same request may be sent again unchanged. */
export interface ErrorTraits {
  readonly status: number
  readonly retryable: boolean
}

const traits = (status: number, retryable = false): ErrorTraits => ({ status, retryable })

/**
 * Every error code dbcluster reports, with its traits. A code is never reused for another meaning.
 * SQLite's own codes (`SQLITE_CONSTRAINT_UNIQUE`, …) are passed on beside these and behave like `SQL_ERROR`.
 */
export const ERROR_CODES = {
  // The caller's input.
  INVALID_REQUEST: traits(400),
  INVALID_JSON: traits(400),
  INVALID_NAME: traits(400),
  INVALID_VALUE: traits(400),
  SQL_ERROR: traits(400),
  SQL_FORBIDDEN: traits(400),
  SQL_NOT_A_READ: traits(400),
  SQL_MULTIPLE_STATEMENTS: traits(400),
  SQL_TOO_LARGE: traits(413),
  TX_INTERACTIVE_UNSUPPORTED: traits(400),
  NONDETERMINISTIC_SQL: traits(400),
  UNAUTHENTICATED: traits(401),
  FORBIDDEN: traits(403),
  DATABASE_NOT_FOUND: traits(404),
  TABLE_NOT_FOUND: traits(404),
  KEY_NOT_FOUND: traits(404),
  ROUTE_NOT_FOUND: traits(404),
  METHOD_NOT_ALLOWED: traits(405),
  REQUEST_TOO_SLOW: traits(408, true),
  ASSERTION_FAILED: traits(409),
  CONFLICT: traits(409),
  REQUEST_TOO_LARGE: traits(413),
  RESULT_TOO_LARGE: traits(413),
  UNSUPPORTED_MEDIA_TYPE: traits(415),
  RATE_LIMITED: traits(429, true),
  CONCURRENCY_LIMITED: traits(429, true),
  QUOTA_EXCEEDED: traits(429),
  CANCELLED: traits(499),
  // The cluster's state: nothing was applied.
  INSUFFICIENT_NODES: traits(503, true),
  CREATION_FAILED: traits(503, true),
  DATABASE_UNAVAILABLE: traits(503, true),
  DATABASE_WAKING: traits(503, true),
  NO_LEADER: traits(503, true),
  NOT_LEADER: traits(503, true),
  NOT_REPLICA: traits(503, true),
  NODE_UNREACHABLE: traits(503, true),
  NOT_ADMITTED: traits(503, true),
  PORTS_EXHAUSTED: traits(503, true),
  OVERLOADED: traits(503, true),
  SHUTTING_DOWN: traits(503, true),
  CONSISTENCY_UNSUPPORTED: traits(503),
  // The time was over: TIMEOUT when certainly nothing was applied, OUTCOME_UNKNOWN when that is not certain.
  TIMEOUT: traits(504, true),
  OUTCOME_UNKNOWN: traits(504),
  INTERNAL: traits(500),
  // Starting a process.
  CONFIG_INVALID: traits(500),
  KEY_MISSING: traits(500),
  KEY_INVALID: traits(500),
  DATA_DIR_LOCKED: traits(500),
  STORE_CORRUPT: traits(500),
  STORE_WRITE_FAILED: traits(500),
  RQLITED_NOT_FOUND: traits(500),
  RQLITED_REFUSED: traits(500),
  RQLITED_START_FAILED: traits(503, true),
  RQLITE_MAJOR_MISMATCH: traits(503),
  NETWORK_MISMATCH: traits(503),
  LISTEN_FAILED: traits(500),
} as const satisfies Record<string, ErrorTraits>

/** A code of the table, or one of SQLite's result code names. */
export type ErrorCode = keyof typeof ERROR_CODES | `SQLITE_${string}`

/** Traits of any code; an unknown one (from a newer peer) counts as an internal error, a `SQLITE_…` one as `SQL_ERROR`. */
export const errorTraits = (code: string): ErrorTraits => {
  if (Object.hasOwn(ERROR_CODES, code)) return ERROR_CODES[code as keyof typeof ERROR_CODES]
  return code.startsWith('SQLITE_') ? ERROR_CODES.SQL_ERROR : ERROR_CODES.INTERNAL
}
