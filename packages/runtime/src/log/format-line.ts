import type { LogFields } from '@dbcluster/protocol'
import { redact, scrub } from './redact.js'

/** Longest value of one field in a line; the rest is cut off. */
const VALUE_MAX_CHARS = 8_192

/** How a line looks: `logfmt` for people, `json` for collectors. */
export type LineFormat = 'logfmt' | 'json'

/** What one line tells. */
export interface LineInit {
  readonly time: Date
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

// Control characters (C1 too: 0x9b starts a terminal's escape sequence) and those that reorder or break lines.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const escapeUnsafe = (text: string): string =>
  text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

const clip = (text: string): string => (text.length > VALUE_MAX_CHARS ? `${text.slice(0, VALUE_MAX_CHARS)}…` : text)

/** One line without its end. `time` comes first: `2026-01-31T12:00:00.000Z INFO message key=value`. */
export const formatLine = (line: LineInit, format: LineFormat): string =>
  format === 'json' ? formatJson(line) : formatLogfmt(line)

const formatLogfmt = ({ time, level, message, fields }: LineInit): string => {
  const pairs = Object.entries(fields).flatMap(([name, value]) => toPairs(name, redact(name, value)))
  const text = escapeUnsafe(scrub(message))
  return [`${time.toISOString()} ${level.toUpperCase()} ${text}`, ...pairs].join(' ')
}

/** `name=value`; an error's parts are pairs of their own: `error="…" error_code=TIMEOUT`. */
const toPairs = (name: string, value: unknown): readonly string[] => {
  if (value === undefined) return []
  const key = name.replace(/[^\w.-]/g, '_')
  if (isErrorParts(value)) {
    const { message, ...parts } = value
    return [`${key}=${quote(message)}`, ...Object.entries(parts).flatMap(([part, of]) => toPairs(`${key}_${part}`, of))]
  }
  return [`${key}=${quote(typeof value === 'string' ? value : JSON.stringify(value))}`]
}

const isErrorParts = (value: unknown): value is { readonly message: string } =>
  typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'

/** Bare where it can be read back bare. */
const quote = (text: string): string => {
  const clipped = clip(text)
  return /^[^\s"=\\]+$/.test(clipped) && clipped.search(UNSAFE) < 0 ? clipped : escapeUnsafe(JSON.stringify(clipped))
}

const formatJson = ({ time, level, message, fields }: LineInit): string => {
  const line: Record<string, unknown> = { time: time.toISOString(), level, message: scrub(message) }
  for (const [name, value] of Object.entries(fields)) {
    const safe = redact(name, value)
    // A field must not overwrite what every line has.
    line[Object.hasOwn(line, name) ? `field_${name}` : name] = typeof safe === 'string' ? clip(safe) : safe
  }
  return escapeUnsafe(JSON.stringify(line))
}
