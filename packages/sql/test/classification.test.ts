import { isDbClusterError } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { planStatement, requireRead } from '../src/index.js'
import { corpusCases } from './support/corpus.js'
import { describePlan } from './support/describe-plan.js'
import { withCode } from './support/with-code.js'

const cases = corpusCases()

describe('every statement of the corpus is what it is expected to be', () => {
  test('the corpus is large', () => expect(cases.length).toBeGreaterThanOrEqual(300))

  test.each(cases.map(([sql, expected]) => ({ sql: JSON.stringify(sql).slice(0, 100), text: sql, expected })))(
    '$sql is $expected',
    ({ text, expected }) => expect(describePlan(text)).toBe(expected),
  )
})

describe('letter case and gaps change nothing', () => {
  const ascii = cases.filter(([sql]) => /^[\t\n\r -~]*$/.test(sql))
  test.each([
    ['lower case', (sql: string) => sql.toLowerCase()],
    ['upper case', (sql: string) => sql.toUpperCase()],
    ['a comment before', (sql: string) => `/* ; */ -- ;\n ${sql}`],
    ['a semicolon before', (sql: string) => ` ; ${sql}`],
  ])('%s', (_, change) => {
    const changed = ascii
      .filter(([sql]) => !/'|\$|:|@/.test(sql))
      .filter(([sql, expected]) => describePlan(change(sql)) !== expected)
    expect(changed).toEqual([])
  })
})

describe('a plan', () => {
  test('holds the statement without what surrounds it', () => {
    expect(planStatement(' ; /* a */ SELECT /* b */ 1 -- c\n ; -- d').sql).toBe('SELECT /* b */ 1')
    expect(planStatement('SELECT 1 /* never closed').sql).toBe('SELECT 1')
  })

  test.each([
    ['INSERT INTO "my ""table"""(a) VALUES (1)', 'my "table"', false],
    ['CREATE TABLE IF NOT EXISTS main.[a b](x)', 'a b', true],
    ['DROP TABLE IF EXISTS `x``y`', 'x`y', true],
    ['WITH x AS (SELECT 1) DELETE FROM Users', 'Users', false],
    ['ALTER TABLE t ADD COLUMN x', 't', false],
    ['SELECT * FROM t', undefined, false],
  ])('of %s names its target', (sql, target, conditional) => {
    expect(planStatement(sql)).toMatchObject({ target, conditional })
  })

  test.each([
    ['SELECT 1', true],
    ['EXPLAIN DELETE FROM t', true],
    ['PRAGMA table_info(t)', true],
    ['DELETE FROM t RETURNING *', false],
    ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', false],
    ['CREATE TABLE n(a)', false],
  ])('of %s is a read: %s', (sql, isRead) => {
    const plan = planStatement(sql)
    if (isRead) expect(requireRead(plan)).toBe(plan)
    else expect(() => requireRead(plan)).toThrow(withCode('SQL_NOT_A_READ'))
  })
})

describe('a refusal', () => {
  const refusalOf = (sql: string): unknown => {
    try {
      return planStatement(sql)
    } catch (error) {
      return error
    }
  }

  test('tells the place and what to do', () => {
    const error = refusalOf('SELECT 1;\n VACUUM')
    expect(error).toMatchObject({ code: 'SQL_MULTIPLE_STATEMENTS', details: { offset: 11 } })
    expect(refusalOf('BEGIN')).toMatchObject({ hint: expect.stringContaining('transaction') })
    for (const sql of ['PRAGMA foreign_keys=OFF', 'PRAGMA defer_foreign_keys=ON']) {
      expect(refusalOf(sql)).toMatchObject({ hint: expect.stringContaining('database.foreign_keys') })
    }
  })

  test('always has a hint', () => {
    const refused = cases.map(([sql]) => refusalOf(sql)).filter(isDbClusterError)
    expect(refused.length).toBeGreaterThan(100)
    expect(refused.filter(({ hint }) => hint === undefined || hint === '')).toEqual([])
  })

  test('shows little of the statement', () => {
    expect(String(refusalOf(`SELECT '${'x'.repeat(10_000)}`)).length).toBeLessThan(200)
  })
})

describe('limits', () => {
  test('the length counts bytes of UTF-8', () => {
    const text = (chars: string): string => `SELECT '${chars}'`
    expect(() => planStatement(text('x'.repeat(91)), { sqlMaxBytes: 100 })).not.toThrow()
    expect(() => planStatement(text('\u00e9'.repeat(45)), { sqlMaxBytes: 100 })).not.toThrow()
    expect(() => planStatement(text('\u{1f600}'.repeat(22)), { sqlMaxBytes: 100 })).not.toThrow()
    for (const chars of ['x'.repeat(92), '\u00e9'.repeat(46), '\u20ac'.repeat(31), '\u{1f600}'.repeat(23)]) {
      expect(() => planStatement(text(chars), { sqlMaxBytes: 100 })).toThrow(withCode('SQL_TOO_LARGE'))
    }
  })

  test('parameters are counted as SQLite numbers them', () => {
    expect(() => planStatement('SELECT ?, ?, :a, :a', { parametersMax: 3 })).not.toThrow()
    expect(() => planStatement('SELECT ?, ?, :a, ?', { parametersMax: 3 })).toThrow(/more than 3 parameters/)
  })
})
