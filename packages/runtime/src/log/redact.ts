/** Words in a field's name that make its value a secret. */
const SECRET = new Set(
  'secret secrets key keys psk token tokens jwt credential credentials password passwd authorization cookie hash'.split(
    ' ',
  ),
)

/** Last words that make it harmless again: `key_file` is a path, `api_key_id` a name. */
const ABOUT = new Set('file files path dir id ids name names type kind count bytes chars ms code'.split(' '))

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]'

/** Nested objects are followed this deep in log lines; what is deeper is told as `…`. */
const DEPTH_MAX = 4

/** Entries of a list or object that are told. */
const ENTRIES_MAX = 50

const isSecretName = (name: string): boolean => {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words.some((word) => SECRET.has(word)) && !ABOUT.has(words.at(-1) ?? '')
}

// API keys (dbc_<id>_<secret>) and JWTs, wherever they stand in a text: in an error's message, in a URL.
const API_KEY = /\b(dbc_[A-Za-z0-9]+)_[A-Za-z0-9_-]{8,}/g
const JWT = /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g

/** A text without the credentials in it. */
export const scrub = (text: string): string => text.replace(API_KEY, `$1_${REDACTED}`).replace(JWT, REDACTED)

/** A value as it may be logged: secrets replaced, depth and size bounded, nothing that JSON lacks. */
export const redact = (name: string, value: unknown, depth = 0): unknown => {
  if (value === undefined || value === null) return value
  if (isSecretName(name)) return REDACTED
  switch (typeof value) {
    case 'string':
      return scrub(value)
    case 'bigint':
      return value.toString()
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'boolean':
      return value
    case 'object':
      return redactObject(value, depth)
    default:
      return `[${typeof value}]`
  }
}

const redactObject = (value: object, depth: number): unknown => {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (depth >= DEPTH_MAX) return '…'
  if (value instanceof Error) return redactError(value, depth)
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map((entry) => redact('', entry, depth + 1))
  const entries = Object.entries(value instanceof Map ? Object.fromEntries(value) : value).slice(0, ENTRIES_MAX)
  return Object.fromEntries(entries.map(([key, entry]) => [key, redact(key, entry, depth + 1)]))
}

/** An error as a field: the stack only of errors that aren't ours, which are faults of the program. */
const redactError = (error: Error, depth: number): unknown => {
  const { code, hint } = error as { code?: unknown; hint?: unknown }
  return {
    message: scrub(error.message),
    ...(code === undefined ? {} : { code: String(code) }),
    ...(typeof hint === 'string' ? { hint: scrub(hint) } : {}),
    ...(error.name === 'DbClusterError' || error.stack === undefined ? {} : { stack: scrub(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redact('cause', error.cause, depth + 1) }),
  }
}
