import { describe, expect, test } from '@jest/globals'
import { sql } from '../src/index.js'
import { toStatement, toStatements } from '../src/statements.js'

describe('the sql tag', () => {
  test('binds values, puts fragments in, and never writes a value into the text', () => {
    const where = sql`name = ${"'; DROP TABLE users; --"}`
    const statement = sql`SELECT * FROM users WHERE ${where} AND id IN (${1}, ${2n ** 60n}) LIMIT ${10}`
    expect(statement.toStatement()).toEqual({
      sql: 'SELECT * FROM users WHERE name = ? AND id IN (?, ?) LIMIT ?',
      args: ["'; DROP TABLE users; --", 1, 2n ** 60n, 10],
    })
  })

  test('what only looks like a fragment is refused, not taken for SQL', () => {
    for (const forged of [{ sql: '1; DROP', args: [] }, JSON.parse(JSON.stringify(sql`1`)), Object.create(sql`1`)]) {
      expect(() => sql`SELECT ${forged}`).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }))
    }
  })

  test('is a tag, not a function', () => {
    expect(() => (sql as unknown as (text: string) => unknown)('SELECT 1')).toThrow(TypeError)
    expect(() => (sql as unknown as (text: string[]) => unknown)(['SELECT 1'])).toThrow(TypeError)
  })

  test('refuses undefined as a TypeError, and assertions inside statements', () => {
    expect(() => sql`SELECT ${undefined as never}`).toThrow(TypeError)
    expect(() => sql`SELECT ${sql.assert(sql`1`)}`).toThrow(TypeError)
    expect(() => sql.assert('1' as never)).toThrow(TypeError)
  })

  test.each([
    [sql`EXISTS(SELECT 1)`, 'SELECT EXISTS(SELECT 1)'],
    [sql`  select 1`, '  select 1'],
    [sql`WITH a AS (SELECT 1) SELECT * FROM a`, 'WITH a AS (SELECT 1) SELECT * FROM a'],
    [sql`selected = ${1}`, 'SELECT selected = ?'],
  ])('an assertion is a read', (condition, text) => {
    expect(sql.assert(condition).toStatement()).toMatchObject({ sql: text, assert: true })
  })
})

describe('statements', () => {
  test('have four forms', () => {
    expect(toStatements(['a', ['b', [1]], ['c'], { sql: 'd', args: { n: true } }, sql`e ${1}`])).toEqual([
      { sql: 'a' },
      { sql: 'b', args: [1] },
      { sql: 'c' },
      { sql: 'd', args: { n: 1 } },
      { sql: 'e ?', args: [1] },
    ])
  })

  test.each([[null], [5], [undefined], [[5]], [{}], [['a', 'text']], [['a', 5]], [['a', new Date()]]])(
    '%p is none',
    (input) => {
      expect(() => toStatement(input as never)).toThrow(TypeError)
    },
  )

  test('holes of an array are undefined values', () => {
    // biome-ignore lint/suspicious/noSparseArray: that is the case
    expect(() => toStatement('a', [1, , 2] as never)).toThrow(TypeError)
  })

  test('a fragment carries its values', () => {
    expect(() => toStatement(sql`a`, [1])).toThrow(TypeError)
  })
})
