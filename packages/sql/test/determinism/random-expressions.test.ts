import type { SqlValue } from '@dbcluster/protocol'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { bind, makeDeterministic, planStatement } from '../../src/index.js'
import { type Judge, openJudge } from '../support/sqlite.js'

const NOW_MS = Date.UTC(2026, 6, 4, 11, 22, 33, 444)
const LATER_MS = NOW_MS + 1_000_000_000_000

let judge: Judge
beforeAll(async () => {
  judge = await openJudge("CREATE TABLE r(v); CREATE TABLE s(at, n); INSERT INTO s VALUES ('now', 1)")
  jest.spyOn(Date, 'now').mockReturnValue(NOW_MS)
  jest.spyOn(console, 'warn').mockImplementation(() => undefined)
})
afterAll(() => {
  jest.restoreAllMocks()
  judge?.close()
})

interface Written {
  readonly sql: string
  readonly args: readonly SqlValue[]
}

const text = (sql: string): Written => ({ sql, args: [] })
/** A computed `subsec` counts as now without its fraction, unlike with SQLite (DESIGN.md). */
const TEXTS = ['now', 'NOW', 'now ', '2020-02-29 12:00', '12:00', 'x', '', 'now\0', '%Y', '+1 day']
const MODIFIERS = ["'+1 day'", "'utc'", "'localtime'", "'start of month'", "'unixepoch'", "'auto'", "'bad'"]
const GAPS = ['', ' ', '\n', '/* now */', '-- now\n']

/** Expressions of time functions, operators, columns and parameters, in odd spellings. */
const { expression } = fc.letrec<{ expression: Written; call: Written; leaf: Written; other: Written }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(...TEXTS.filter((value) => !value.includes('\0'))).map((value) => text(`'${value}'`)),
    fc.constantFrom(...TEXTS, 0, 2_460_000.5, null).map((value): Written => ({ sql: '?', args: [value] })),
    fc.constantFrom('at', 's.at', 'n', '"now"', 'NULL', "x'6e6f77'", '-1', '1700000000').map(text),
    fc.constantFrom('CURRENT_TIMESTAMP', 'current_date', '"CURRENT_TIME"()', 'CURRENT_TIME').map(text),
  ),
  call: fc
    .tuple(
      fc.constantFrom('date', 'TIME', '"datetime"', '[julianday]', '`unixepoch`', 'strftime', 'timediff'),
      fc.array(tie('expression'), { maxLength: 2 }),
      fc.array(fc.constantFrom(...MODIFIERS).map(text), { maxLength: 2 }),
      fc.constantFrom(...GAPS),
      fc.boolean(),
    )
    .map(([name, values, modifiers, gap, distinct]) => {
      const args = [...values, ...modifiers]
      const list = args.map(({ sql }) => `${gap}${sql}${gap}`).join(',')
      const inside = args.length === 0 && distinct ? '*' : `${distinct && args.length > 0 ? 'DISTINCT ' : ''}${list}`
      return { sql: `${name}${gap}(${inside})`, args: args.flatMap((one) => one.args) }
    }),
  other: fc.oneof(
    fc.tuple(tie('expression'), tie('expression')).map(([one, other]) => ({
      sql: `coalesce(${one.sql}, ${other.sql})`,
      args: [...one.args, ...other.args],
    })),
    fc.tuple(tie('expression'), tie('expression')).map(([one, other]) => ({
      sql: `(${one.sql} || ${other.sql})`,
      args: [...one.args, ...other.args],
    })),
    tie('expression').map(({ sql, args }) => ({ sql: `((${sql}))`, args })),
    tie('expression').map(({ sql, args }) => ({ sql: `CASE WHEN ${sql} THEN 1 ELSE 'no' || 'w' END`, args })),
    tie('expression').map(({ sql, args }) => ({ sql: `(SELECT max(${sql}) FROM s AS s)`, args })),
  ),
  expression: fc.oneof({ maxDepth: 4, depthIdentifier: 'expression' }, tie('leaf'), tie('call'), tie('other')),
}))

const outcome = (sql: string, params: readonly SqlValue[]): unknown => {
  try {
    judge.rows('DELETE FROM r')
    judge.rows(sql, params)
    return judge.rows('SELECT typeof(v), v FROM r')
  } catch (error) {
    return /wrong number|no such|misuse/.test((error as Error).message) ? 'refused' : (error as Error).message
  }
}

test('any expression of times is written as SQLite would have evaluated it, and stays so', () => {
  const schema = new Map()
  fc.assert(
    fc.property(expression, ({ sql: value, args }) => {
      const plan = planStatement(`INSERT INTO r SELECT ${value} FROM s`)
      const plain = bind(plan, args, { blobs: 'inline', hexText: 'plain' })
      let fixed: ReturnType<typeof bind>
      try {
        const context = { nowMs: NOW_MS, randomBytes: (count: number) => new Uint8Array(count), schema }
        fixed = bind(makeDeterministic(plan, args, context), args, { blobs: 'inline', hexText: 'plain' })
      } catch (error) {
        expect(error).toMatchObject({ code: 'NONDETERMINISTIC_SQL', message: expect.stringContaining('nested') })
        return
      }
      const expected = outcome(plain.sql, plain.params as SqlValue[])
      expect(outcome(fixed.sql, fixed.params as SqlValue[])).toEqual(expected)
      jest.mocked(Date.now).mockReturnValue(LATER_MS)
      try {
        expect(outcome(fixed.sql, fixed.params as SqlValue[])).toEqual(expected)
      } finally {
        jest.mocked(Date.now).mockReturnValue(NOW_MS)
      }
    }),
    { numRuns: 1_500 },
  )
})
