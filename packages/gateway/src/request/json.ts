import { DbClusterError, isDbClusterError } from '@dbcluster/protocol'
import { parse } from 'lossless-json'

/** A run of digits that may be an integer beyond ±(2^53-1); in a text as often as not, which only costs time. */
const LONG_NUMBER = /\d{16,}/

/**
 * Parses a request's JSON; integers beyond ±(2^53-1) become bigints instead of being rounded.
 * @throws DbClusterError `INVALID_JSON` that says where
 */
export const parseJson = (text: string): unknown => {
  if (text.trim() === '') {
    throw new DbClusterError('INVALID_JSON', 'the body is empty', { hint: 'send a JSON object' })
  }
  try {
    if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  } catch {
    // Parsed again below: JSON.parse does not always say where it stopped.
  }
  try {
    return parse(text, undefined, { parseNumber: toNumber, onDuplicateKey: ({ newValue }) => newValue })
  } catch (error) {
    if (isDbClusterError(error)) throw error
    throw invalidJson(text, error)
  }
}

/** No 64-bit integer has more characters; BigInt() takes quadratic time in them. */
const INTEGER_MAX_CHARS = 20

const toNumber = (text: string): number | bigint => {
  const number = Number(text)
  if (Number.isSafeInteger(number) || /[.eE]/.test(text)) return number
  if (text.length <= INTEGER_MAX_CHARS) return BigInt(text)
  throw new DbClusterError('INVALID_VALUE', `an integer of ${text.length} characters has more than 64 bits`, {
    hint: 'SQLite integers have 64 bits; send a text',
  })
}

const invalidJson = (text: string, error: unknown): DbClusterError => {
  const message = error instanceof Error ? error.message : ''
  if (error instanceof RangeError) {
    return new DbClusterError('INVALID_JSON', 'the body is JSON nested too deeply', { hint: 'send a JSON object' })
  }
  const position = Math.min(Number(/position (\d+)/.exec(message)?.[1] ?? text.length), text.length)
  const before = text.slice(0, position)
  const line = before.split('\n').length
  const column = position - before.lastIndexOf('\n')
  return new DbClusterError(
    'INVALID_JSON',
    `the body is not JSON: line ${line}, column ${column} (position ${position})`,
    {
      hint: position >= text.length ? 'it ends too early: a brace, bracket or quote is missing' : HINT,
      details: { position, line, column },
    },
  )
}

const HINT = 'check quotes, commas and braces there; JSON has double quotes and no comments'
