import {
  DbClusterError,
  decodeMessage,
  type ErrorBody,
  encodeMessage,
  fromErrorBody,
  toErrorBody,
} from '@dbcluster/protocol'

/** An error body larger than this travels without its details. */
const ERROR_MAX_BYTES = 64 * 1024
const TEXT_MAX_CHARS = 8_192

/** The payload of an error frame. */
export const encodeError = (error: DbClusterError): Uint8Array => {
  try {
    const full = encodeMessage(toErrorBody(error))
    if (full.length <= ERROR_MAX_BYTES) return full
  } catch {
    // Details that CBOR can't hold stay at home.
  }
  const { code, requestId, statementIndex } = error
  const hint = error.hint?.slice(0, TEXT_MAX_CHARS)
  const short = new DbClusterError(code, error.message.slice(0, TEXT_MAX_CHARS), { hint, requestId, statementIndex })
  return encodeMessage(toErrorBody(short))
}

/** The error that an error frame brought; what isn't one becomes `INTERNAL`. */
export const decodeError = (payload: Uint8Array): DbClusterError => {
  let body: unknown
  try {
    body = decodeMessage(payload)
  } catch {
    body = undefined
  }
  return isErrorBody(body)
    ? fromErrorBody(body)
    : new DbClusterError('INTERNAL', 'the other node answered with an error that can not be read')
}

const isErrorBody = (value: unknown): value is ErrorBody => {
  if (typeof value !== 'object' || value === null) return false
  const body = value as Record<string, unknown>
  const isOptional = (key: string, type: string): boolean => body[key] === undefined || typeof body[key] === type
  return (
    typeof body.code === 'string' &&
    typeof body.message === 'string' &&
    isOptional('hint', 'string') &&
    isOptional('request_id', 'string') &&
    isOptional('statement_index', 'number') &&
    isOptional('details', 'object')
  )
}
