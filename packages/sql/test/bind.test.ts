import type { SqlArgs, SqlValue } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type BindEncoding, bind, planStatement } from '../src/index.js'
import { type Judge, openJudge } from './support/sqlite.js'
import { withCode } from './support/with-code.js'

const PLAIN: BindEncoding = { blobs: 'array', hexText: 'plain' }
const INLINE: BindEncoding = { blobs: 'inline', hexText: 'inline' }

const bound = (sql: string, args?: SqlArgs, encoding = PLAIN) => bind(planStatement(sql), args, encoding)
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('without values that need the text', () => {
  test('the text stays and the parameters go in SQLite order', () => {
    expect(bound('SELECT 1 -- c')).toEqual({ sql: 'SELECT 1', params: [] })
    expect(bound('SELECT ?, :a, ?1, :a', [1, 2])).toEqual({ sql: 'SELECT ?, :a, ?1, :a', params: [1, 2] })
    expect(bound('SELECT :b, @a, $c', { a: 1, b: 2, c: 3 })).toEqual({ sql: 'SELECT :b, @a, $c', params: [2, 1, 3] })
    expect(bound('SELECT :a, @a', { a: 1 }).params).toEqual([1, 1])
    expect(bound('SELECT ?3', [1, 2, 3]).params).toEqual([1, 2, 3])
    expect(bound('SELECT ?', [2n ** 63n - 1n]).params).toEqual([2n ** 63n - 1n])
    expect(bound('SELECT ?', ["x'00'"]).params).toEqual(["x'00'"])
    expect(bound('SELECT ?', [bytes(0, 255)]).params).toEqual([[0, 255]])
    expect(bound('SELECT ?', [true as never]).params).toEqual([1])
  })
})

describe('arguments that do not fit are refused', () => {
  test.each<[string, SqlArgs | undefined, RegExp]>([
    ['SELECT ?', undefined, /takes 1 argument, 0 given/],
    ['SELECT ?, ?', [1], /takes 2 arguments, 1 given/],
    ['SELECT ?', [1, 2], /takes 1 argument, 2 given/],
    ['SELECT 1', [1], /takes 0 arguments, 1 given/],
    ['SELECT ?5', [1], /takes 5 arguments, 1 given/],
    ['SELECT :a, :b, @c', { b: 1 }, /missing arguments: :a, @c/],
    ['SELECT :a', { a: 1, ':a': 2, z: 3 }, /unused arguments: :a, z/],
    ['SELECT 1', { a: 1 }, /unused arguments: a/],
    ['SELECT ?, :a', { a: 1 }, /missing arguments: \?/],
    ['SELECT ?2', {}, /missing arguments: \?2/],
    ['SELECT :toString', {}, /missing arguments: :toString/],
    ['SELECT ?', [undefined as never], /args\[0\] is undefined/],
    ['SELECT ?', [Number.NaN], /args\[0\] is NaN/],
    ['SELECT :n', { n: 2n ** 63n }, /args\.n is 9223372036854775808/],
    ['SELECT ?', ['\ud800'], /args\[0\] is a text with half of a surrogate pair/],
  ])('%s with %j', (sql, args, message) => {
    expect(() => bound(sql, args)).toThrow(withCode('INVALID_VALUE'))
    expect(() => bound(sql, args)).toThrow(message)
  })
})

describe('values that must be written into the text', () => {
  test.each<[string, SqlArgs, string, unknown[]]>([
    ['SELECT ?', [bytes(0, 255)], "SELECT  X'00FF' ", []],
    ['SELECT?FROM t', [bytes()], "SELECT X'' FROM t", []],
    ["SELECT ?'a'", ["x''"], "SELECT  'x''''' 'a'", []],
    ['SELECT ?2, ?1, ?2', [bytes(1), 7], "SELECT ?,  X'01' , ?", [7, 7]],
    ['SELECT :a, :b, :a', { a: 5, b: bytes(2) }, "SELECT ?,  X'02' , ?", [5, 5]],
    ['SELECT $a(b)1, ?', [5, bytes(2)], "SELECT ? 1,  X'02' ", [5]],
    ['SELECT ?', ["x'a\0b'"], "SELECT  (X'782761006227'||'') ", []],
  ])('%s', (sql, args, text, params) => {
    expect(bound(sql, args, INLINE)).toEqual({ sql: text, params })
  })

  test('only those', () => {
    const shaped = ["x'", "x'a", "xx''", "y''", "'x'", " x''", 'x']
    expect(bound('SELECT ?, ?, ?, ?, ?, ?, ?', shaped, INLINE).params).toEqual(shaped)
  })
})

describe('SQLite reads back what was bound', () => {
  let judge: Judge
  beforeAll(async () => {
    judge = await openJudge('SELECT 1')
  })
  afterAll(() => judge.close())

  const value: fc.Arbitrary<SqlValue> = fc.oneof(
    fc.constant(null),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom("'", '\0', 'x', '\\', '0', 'é', '-') }).map((inner) => `x'${inner}'`),
    fc.uint8Array({ maxLength: 20 }),
  )
  const typeOf = (each: SqlValue): string =>
    each === null ? 'null' : each instanceof Uint8Array ? 'blob' : typeof each === 'string' ? 'text' : 'integer'

  test.each<[string, BindEncoding]>([
    ['inline', INLINE],
    ['as parameters', PLAIN],
  ])('%s', (_, encoding) => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const { sql, params } = bound('SELECT typeof(?1),hex(?1),typeof(:b),hex(:b),?1=:b,typeof(?1)', [a, b], encoding)
        const wire = params.map((each) => (Array.isArray(each) ? Uint8Array.from(each as number[]) : each))
        const direct = judge.rows('SELECT typeof(?1),hex(?1),typeof(?2),hex(?2),?1=?2,typeof(?1)', [a, b])
        expect(judge.rows(sql, wire)).toEqual(direct)
        expect(direct[0]?.[0]).toBe(typeOf(a))
      }),
      { numRuns: 600 },
    )
  })
})
