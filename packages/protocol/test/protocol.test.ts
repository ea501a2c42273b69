import { describe, expect, test } from '@jest/globals'
import {
  checkSqlValue,
  createChecker,
  createNodeMessageChecker,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  fromJsonValue,
  internalName,
  isInternalName,
  type SqlValue,
  splitInternalName,
  toJsonValue,
} from '../src/index.js'
import { InternalNameSchema } from '../src/internal-name-schema.js'

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

  const checker = createChecker(InternalNameSchema)
  const longest = `${'a'.repeat(32)}_${'b'.repeat(64)}`
  test.each([
    ...['app_users', 'my-app_user_data', longest],
    ...[
      '',
      'users',
      '_users',
      'app_',
      'app_../x',
      '../x_y',
      'app_a/b',
      '/tmp/x_y',
      'app_users\0',
      'app_users\n',
      'App_users',
    ],
    ...['app_us\u0435rs', `a${longest}`, `${longest}b`, 'app_\u2025/x', '__proto__', 'quarantine', '1_2', 'app_1'],
  ])('a message holds %j as a name if it is an internal one', (name) => {
    expect(checker.is(name)).toBe(isInternalName(name))
    const decree = { name, generation: 1, ballot: { round: 1, proposer: 'abcd' }, epoch: 1 }
    const message = { type: 'DATABASE_CREATE_ABORT', ...decree, reason: '' }
    expect(createNodeMessageChecker().is(message)).toBe(isInternalName(name))
  })
})
