import { DbClusterError, type ErrorCode } from '@dbcluster/protocol'

/** The text that an assertion within a transaction fails with ({@link assertionSql}); SQLite quotes it back. */
export const ASSERTION_MARKER = 'dbcluster assertion failed'

/**
 * An assertion as SQL: give it a condition, put it into a transaction; when the condition isn't true the transaction
 * ends there with `ASSERTION_FAILED`. The bad JSON path is what makes SQLite fail with a text of ours.
 */
export const assertionSql = (condition: string): string =>
  `SELECT CASE WHEN (${condition}\n) THEN 1 ELSE json_extract('{}', '${ASSERTION_MARKER}') END`

/** SQLite's messages (sqlite3ErrStr and its constraint texts), by the result code that stands behind them. */
const BY_TEXT: readonly (readonly [RegExp, ErrorCode])[] = [
  [new RegExp(ASSERTION_MARKER), 'ASSERTION_FAILED'],
  [/^attempt to (?:change database via query operation|write a readonly database)/, 'SQL_NOT_A_READ'],
  [/^UNIQUE constraint failed/, 'SQLITE_CONSTRAINT_UNIQUE'],
  [/^NOT NULL constraint failed/, 'SQLITE_CONSTRAINT_NOTNULL'],
  [/^CHECK constraint failed/, 'SQLITE_CONSTRAINT_CHECK'],
  [/^FOREIGN KEY constraint failed/, 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  [/^cannot store .* value in .* column/, 'SQLITE_CONSTRAINT_DATATYPE'],
  [/constraint failed/, 'SQLITE_CONSTRAINT'],
  [/^datatype mismatch/, 'SQLITE_MISMATCH'],
  [/^database or disk is full/, 'SQLITE_FULL'],
  [/^disk I\/O error/, 'SQLITE_IOERR'],
  [/^database disk image is malformed/, 'SQLITE_CORRUPT'],
  [/^database (?:table )?is locked/, 'SQLITE_BUSY'],
  [/^out of memory/, 'SQLITE_NOMEM'],
  [/^string or blob too big/, 'SQLITE_TOOBIG'],
  [/^interrupted/, 'SQLITE_INTERRUPT'],
]

/** The error of one statement, from SQLite's text as rqlite passes it on. */
export const statementError = (text: string, statementIndex: number): DbClusterError => {
  const code = BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'SQL_ERROR'
  return new DbClusterError(code, code === 'ASSERTION_FAILED' ? 'an assertion of the transaction failed' : text, {
    statementIndex,
  })
}

/**
 * Whether a statement failed because this replica's disk or memory did: its copy may now differ from the others', so it
 * is stopped and rebuilt from snapshot and log before it serves again.
 */
export const isReplicaFault = (code: string): boolean =>
  code === 'SQLITE_FULL' || code === 'SQLITE_IOERR' || code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOMEM'
