import { describe, expect, test } from '@jest/globals'
import {
  checkSqlValue,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  fromJsonValue,
  internalName,
  type SqlValue,
  splitInternalName,
  toJsonValue,
} from '../src/index.js'

describe('values', () => {
  const values: SqlValue[] = [null, 0, -1, 1.5, 2n ** 63n - 1n, -(2n ** 63n), '', "x'00'", new Uint8Array([0, 255])]
  test.each(values.map((value) => [value]))('%p survives JSON and CBOR', (value) => {
    expect(fromJsonValue(JSON.parse(JSON.stringify(toJsonValue(value))), 'v')).toEqual(value)
    expect(checkSqlValue(decodeMessage(encodeMessage(value)), 'v')).toEqual(value)
  })
  test.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 63n, {}, [], () => 1])('%p is refused', (value) => {
    expect(() => fromJsonValue(value, 'args[0]')).toThrow(DbClusterError)
  })
})

describe('names', () => {
  test('the first underscore splits the pair', () => {
    expect(splitInternalName(internalName('my-app', 'user_data'))).toEqual({ app: 'my-app', database: 'user_data' })
  })
  test.each(['', '../x', 'A', '1a', 'a_b', 'a'.repeat(33), 'a\0', 'ａ'])('app %p is refused', (name) => {
    expect(() => internalName(name, 'x')).toThrow(/not a valid app name/)
  })
})
