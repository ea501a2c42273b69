import { isInt64, normalizeInteger } from '@dbcluster/protocol'
import { parse } from 'lossless-json'

/** More digits than a safe integer may have; only then the slower parser is needed. */
const LONG_NUMBER = /\d{16}/

const INTEGER = /^-?\d+$/

/** JSON with integers kept whole: numbers where they are safe, bigints up to 64 bits, else (a REAL) numbers. */
export const decodeJson = (text: string): unknown =>
  LONG_NUMBER.test(text) ? parse(text, null, parseNumber) : JSON.parse(text)

const parseNumber = (text: string): number | bigint => {
  if (!INTEGER.test(text)) return Number(text)
  const whole = BigInt(text)
  return isInt64(whole) ? normalizeInteger(whole) : Number(text)
}
