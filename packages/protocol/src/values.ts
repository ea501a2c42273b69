import { DbClusterError } from './errors.js'

/**
 * A value as SQLite stores it. Integers within ±(2^53-1) are numbers, beyond that bigints of at most 64 bits; a
 * blob is bytes. SQLite has no booleans or dates; `true` and `false` are accepted as 1 and 0 where values come in.
 */
export type SqlValue = null | number | bigint | string | Uint8Array

/** Arguments of a statement: positional for `?` and `?NNN`, or by name (without the sigil) for `:n`, `@n` and `$n`. */
export type SqlArgs = readonly SqlValue[] | Readonly<Record<string, SqlValue>>

/** One statement and its arguments. */
export interface SqlStatement {
  readonly sql: string
  readonly args?: SqlArgs
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Whether a bigint fits SQLite's 64-bit integers. */
export const isInt64 = (value: bigint): boolean => value >= INT64_MIN && value <= INT64_MAX

/** Whether half of a surrogate pair stands alone: UTF-8 cannot carry it, and it would silently become U+FFFD. */
export const hasLoneSurrogate = (text: string): boolean => /\p{Surrogate}/u.test(text)

/** The plain form of an integer: a number when it is safe, a bigint otherwise. */
export const normalizeInteger = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value

/**
 * Checks and normalises one value from a caller.
 * @throws DbClusterError `INVALID_VALUE` for `undefined`, NaN, infinities, integers over 64 bits, halves of surrogate
 * pairs, and other types
 */
export const checkSqlValue = (value: unknown, where: string): SqlValue => {
  const refuse = (what: string, hint: string): never => {
    throw new DbClusterError('INVALID_VALUE', `${where} is ${what}`, { hint })
  }
  switch (typeof value) {
    case 'string':
      if (!hasLoneSurrogate(value)) return value
      return refuse('a text with half of a surrogate pair', 'SQLite stores UTF-8, which has no form for it; pass bytes')
    case 'boolean':
      return value ? 1 : 0
    case 'number':
      if (Number.isFinite(value)) return value
      return refuse(String(value), 'SQLite stores neither NaN nor infinities; pass null or a text')
    case 'bigint':
      if (isInt64(value)) return normalizeInteger(value)
      return refuse(`${value}, outside 64 bits`, 'SQLite integers have 64 bits; pass a text')
    case 'object':
      if (value === null || value instanceof Uint8Array) return value
      if (value instanceof ArrayBuffer) return new Uint8Array(value)
      return refuse('an object', 'pass a string, number, bigint, Uint8Array or null (JSON.stringify it yourself)')
    case 'undefined':
      return refuse('undefined', 'pass null for NULL')
    default:
      return refuse(`a ${typeof value}`, 'pass a string, number, bigint, Uint8Array or null')
  }
}

/** A value as JSON has it: tagged where JSON has no form of its own. */
export type JsonSqlValue = null | number | string | boolean | { readonly $int: string } | { readonly $blob: string }

const toBase64 = (bytes: Uint8Array): string => {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))

/** Encodes one value for JSON: bigints as `{"$int":"…"}`, blobs as `{"$blob":"<base64>"}`. */
export const toJsonValue = (value: SqlValue): JsonSqlValue => {
  if (typeof value === 'bigint') return { $int: value.toString() }
  if (value instanceof Uint8Array) return { $blob: toBase64(value) }
  return value
}

const INT = /^-?\d{1,20}$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Decodes one JSON value.
 * @throws DbClusterError `INVALID_VALUE` when a tag's content is malformed or the value is none of ours
 */
export const fromJsonValue = (value: unknown, where: string): SqlValue => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return checkSqlValue(value, where)
  const entries = Object.entries(value)
  const [tag, content] = entries[0] ?? []
  if (entries.length === 1 && typeof content === 'string') {
    if (tag === '$int' && INT.test(content)) return checkSqlValue(BigInt(content), where)
    if (tag === '$blob' && BASE64.test(content)) return fromBase64(content)
  }
  throw new DbClusterError('INVALID_VALUE', `${where} is an object that is no value`, {
    hint: 'use {"$int":"123"} for a large integer, {"$blob":"<base64>"} for bytes, or JSON text as a string',
  })
}
