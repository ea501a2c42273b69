import { type ErrorCode, errorTraits } from './error-codes.js'

/** What may be told beside an error's code and message. */
export interface DbClusterErrorInit {
  /** What the reader can do next, one sentence. */
  readonly hint?: string | undefined
  /** The values the error is about, for programs. Never secrets, never tenant data. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  /** Id of the request, as in the gateway's `X-Request-Id`. */
  readonly requestId?: string | undefined
  /** Which statement of a batch or transaction failed, from 0. */
  readonly statementIndex?: number | undefined
  readonly cause?: unknown
}

/** An error as it travels: in frames between nodes and clients, and under `error` in HTTP bodies. */
export interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly request_id?: string
  readonly statement_index?: number
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * The one error class of dbcluster. Look at `code`, never at the text; across packages use {@link isDbClusterError}
 * and not `instanceof`, since a bundle may hold the class twice.
 */
export class DbClusterError extends Error {
  override readonly name: string = 'DbClusterError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly requestId: string | undefined
  readonly statementIndex: number | undefined

  constructor(code: ErrorCode, message: string, init: DbClusterErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
    this.hint = init.hint
    this.details = init.details
    this.requestId = init.requestId
    this.statementIndex = init.statementIndex
  }

  /** By shape, so that `instanceof` also knows errors of another copy of this class: a bundle may hold two. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isDbClusterError(value)
  }

  /** The HTTP status that fits the code. */
  get status(): number {
    return errorTraits(this.code).status
  }

  /** Whether the same request may be sent again: nothing of it was applied. */
  get retryable(): boolean {
    return errorTraits(this.code).retryable
  }
}

/** Tells one of our errors by shape, also across copies of this package. */
export const isDbClusterError = (error: unknown): error is DbClusterError =>
  error instanceof Error && error.name === 'DbClusterError' && typeof (error as DbClusterError).code === 'string'

/** Any thrown thing as a {@link DbClusterError}; what isn't one becomes `INTERNAL` with the original as `cause`. */
export const toDbClusterError = (error: unknown): DbClusterError =>
  isDbClusterError(error)
    ? error
    : new DbClusterError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })

/** The error as it travels. `cause` and stack stay at home. */
export const toErrorBody = (error: DbClusterError): ErrorBody => ({
  code: error.code,
  message: error.message,
  ...(error.hint === undefined ? {} : { hint: error.hint }),
  ...(error.requestId === undefined ? {} : { request_id: error.requestId }),
  ...(error.statementIndex === undefined ? {} : { statement_index: error.statementIndex }),
  ...(error.details === undefined ? {} : { details: error.details }),
})

/** The error that an {@link ErrorBody} from the other side describes. */
export const fromErrorBody = (body: ErrorBody): DbClusterError =>
  new DbClusterError(body.code as ErrorCode, body.message, {
    hint: body.hint,
    requestId: body.request_id,
    statementIndex: body.statement_index,
    details: body.details,
  })
