import type { SqlArgs, SqlValue } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { bind, type KnownSchema, knownSchemaOf, makeDeterministic, planStatement } from '../../src/index.js'
import { type Judge, openJudge } from '../support/sqlite.js'
import { TIMES, TIMES_TABLE } from '../support/time-expressions.js'
import { withCode } from '../support/with-code.js'

/** Both SQLite's clock and the node's stand still, so that the original and the rewritten statement must agree. */
const NOW_MS = Date.UTC(2026, 1, 28, 23, 59, 58, 876)

let judge: Judge
beforeAll(async () => {
  // The WebAssembly build warns of each failing step.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  judge = await openJudge('CREATE TABLE r(v)')
  jest.spyOn(Date, 'now').mockReturnValue(NOW_MS)
  for (const sql of TIMES_TABLE) judge.rows(sql)
})
afterAll(() => {
  jest.restoreAllMocks()
  judge?.close()
})

const EMPTY: KnownSchema = new Map()
let seed = 0
const randomBytes = (count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => (seed = (seed * 5 + 3) % 256))
const rewritten = (
  sql: string,
  args?: SqlArgs,
  nowMs = NOW_MS,
): { readonly sql: string; readonly params: SqlValue[] } => {
  const plan = makeDeterministic(planStatement(sql), args, { nowMs, randomBytes, schema: EMPTY })
  const bound = bind(plan, args, { blobs: 'inline', hexText: 'inline' })
  return { sql: bound.sql, params: bound.params as SqlValue[] }
}

/** What lands in r.v. */
const stored = (sql: string, params: readonly SqlValue[]): unknown => {
  judge.rows('DELETE FROM r')
  judge.rows(sql, params)
  return judge.rows('SELECT typeof(v), v FROM r ORDER BY rowid')
}

describe('a time is written as SQLite would have evaluated it', () => {
  test.each(TIMES.map(([expression, ...args]) => ({ expression, args })))('$expression', ({ expression, args }) => {
    const sql = `INSERT INTO r VALUES (${expression})`
    const original = bind(planStatement(sql), args, { blobs: 'inline', hexText: 'inline' })
    const { sql: fixed, params } = rewritten(sql, args)
    const expected = stored(original.sql, original.params as SqlValue[])
    expect(stored(fixed, params)).toEqual(expected)
    jest.mocked(Date.now).mockReturnValue(NOW_MS + 86_400_000 * 1_000)
    try {
      expect(stored(fixed, params)).toEqual(expected)
    } finally {
      jest.mocked(Date.now).mockReturnValue(NOW_MS)
    }
  })

  test('in UPDATE, DELETE, upserts, RETURNING and common tables too', () => {
    for (const sql of [
      "UPDATE s SET at = datetime('now', 'subsec') WHERE datetime(at) <= datetime('now')",
      "DELETE FROM s WHERE date(at) = date('now')",
      "INSERT INTO s(id, at) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET at = CURRENT_TIMESTAMP",
      'INSERT INTO s(id) VALUES (99) RETURNING CURRENT_TIMESTAMP',
      "WITH x(t) AS (SELECT datetime('now')) INSERT INTO s(at) SELECT t FROM x",
      "REPLACE INTO s(id, at) SELECT 1, julianday('now')",
      "CREATE TABLE made AS SELECT datetime('now') AS at",
    ]) {
      const { sql: fixed } = rewritten(sql)
      expect(fixed).not.toBe(sql)
      expect(fixed.replaceAll("IN('now',", '').replace(/ AS "[^"]*"/g, '')).not.toMatch(/'now'|current_/i)
      expect(judge.compile(fixed).error).toBeUndefined()
    }
  })

  test('but the expressions of a conflict target stay as they are', () => {
    judge.rows('CREATE TABLE d(at); CREATE UNIQUE INDEX di ON d(date(at))')
    const { sql } = rewritten(
      "INSERT INTO d VALUES ('2020-01-01 10:00') ON CONFLICT (date(at)) DO UPDATE SET at = date(at)",
    )
    judge.rows(sql)
    judge.rows(sql)
    expect(judge.rows('SELECT at FROM d')).toEqual([['2020-01-01']])
  })

  test('a view keeps the names of its columns, and fails where a column holds the text of now', () => {
    judge.rows('CREATE TABLE vs(at)')
    judge.rows("INSERT INTO vs VALUES ('2020-01-01 10:00')")
    const select = 'SELECT date(at), count(time(at)), upper(date(at)) AS u, time(at) AS "t" FROM vs'
    judge.rows(rewritten(`CREATE VIEW vv AS ${select}`).sql)
    const names = judge.rows("SELECT name FROM pragma_table_info('vv')")
    expect(names).toEqual([['date(at)'], ['count(time(at))'], ['u'], ['t']])
    expect(judge.rows('SELECT * FROM vv')).toEqual(judge.rows(select))
    judge.rows("UPDATE vs SET at = 'now'")
    expect(() => judge.rows('SELECT * FROM vv')).toThrow('dbcluster volatile')
    judge.rows('DROP VIEW vv')
  })

  test('and what names no time stays word for word', () => {
    for (const sql of [
      'UPDATE s SET updated_at = ?',
      'INSERT INTO "date"(x) VALUES (1)',
      'INSERT INTO date(x) VALUES (1)',
      'SELECT date, time FROM s',
      "INSERT INTO r VALUES ('CURRENT_TIMESTAMP')",
      'UPDATE s SET "current_date" = s.current_date',
      "INSERT INTO r SELECT * FROM pragma_table_info('s')",
      "CREATE TABLE x(at DATETIME(6), t TIME(3) DEFAULT '00:00')",
      'CREATE INDEX i ON s(date(at)) WHERE date(at) IS NOT NULL',
      "CREATE VIEW w AS SELECT date('2020-01-01') AS d FROM s",
    ]) {
      expect(
        rewritten(
          sql,
          Array.from({ length: planStatement(sql).parameters.count }, () => 1),
        ).sql,
      ).toBe(sql)
    }
  })
})

describe('a random value is written where one value stands for it', () => {
  test.each([
    'INSERT INTO r VALUES (random())',
    'INSERT INTO r VALUES (random(*)), (random()), (hex(randomblob(16)))',
    'INSERT INTO r SELECT random()',
    'INSERT INTO r SELECT random() UNION ALL SELECT random()',
    'INSERT INTO r SELECT abs(random()) WHERE NOT EXISTS (SELECT 1 FROM r)',
    'INSERT INTO r VALUES ((SELECT random()))',
    'INSERT INTO s(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET at = random()',
    'INSERT INTO s(at) VALUES (1) RETURNING random()',
    "INSERT INTO r VALUES (datetime(random() || 'x'))",
    'INSERT INTO r SELECT 1 ORDER BY random()',
  ])('%s', (sql) => {
    const fixed = rewritten(sql).sql
    expect(fixed.replace(' AS "random()"', '')).not.toMatch(/random/)
    expect(judge.compile(fixed)).toMatchObject({ error: undefined })
  })

  test('with another value at each place, of the type and size asked for', () => {
    const { sql } = rewritten('INSERT INTO r VALUES (random()), (random()), (randomblob(5)), (randomblob(0))')
    const rows = stored(sql, []) as [string, unknown][]
    expect(rows.map(([type]) => type)).toEqual(['integer', 'integer', 'blob', 'blob'])
    expect(rows[0]?.[1]).not.toEqual(rows[1]?.[1])
    expect(rows.slice(2).map(([, blob]) => (blob as Uint8Array).length)).toEqual([5, 1])
  })

  test.each([0x00, 0x7f, 0x80, 0xff])('also from bytes that are all %i', (byte) => {
    const plan = planStatement('INSERT INTO r VALUES (random())')
    const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(byte)
    const { sql } = makeDeterministic(plan, [], { nowMs: NOW_MS, randomBytes: bytes, schema: EMPTY })
    const [[type]] = stored(sql, []) as [[string, unknown]]
    expect(type).toBe('integer')
  })

  test('sizes of blobs come as parameters too', () => {
    const { sql, params } = rewritten('INSERT INTO r VALUES (length(randomblob(?)) || ?)', [9, 'x'])
    expect(stored(sql, params)).toEqual([['text', '9x']])
  })
})

describe('what no value stands for is refused', () => {
  test.each([
    'UPDATE s SET at = random()',
    'UPDATE s SET at = 1 WHERE random() > 0',
    'DELETE FROM s WHERE random() > 0',
    'DELETE FROM s ORDER BY random() LIMIT 1',
    'INSERT INTO r SELECT random() FROM s',
    'INSERT INTO r SELECT at FROM s ORDER BY random()',
    'INSERT INTO r SELECT (SELECT random()) FROM s',
    'INSERT INTO r SELECT x FROM (SELECT random() AS x)',
    'INSERT INTO r VALUES ((SELECT random() FROM s LIMIT 1))',
    'INSERT INTO s(id) VALUES (1), (2) ON CONFLICT DO UPDATE SET at = random()',
    'INSERT INTO s(id) SELECT id FROM s WHERE true ON CONFLICT DO UPDATE SET at = random()',
    'INSERT INTO s(id) VALUES (1), (2) RETURNING random()',
    'WITH x AS (SELECT random() FROM s) INSERT INTO r SELECT * FROM x',
    'INSERT INTO r VALUES (randomblob(1 + 1))',
    'INSERT INTO r VALUES (randomblob(100000))',
    'INSERT INTO r VALUES (randomblob())',
    'INSERT INTO r VALUES (last_insert_rowid())',
    'UPDATE s SET at = changes()',
    'UPDATE s SET at = total_changes()',
    'INSERT INTO r VALUES (sqlite_version())',
    'INSERT INTO r VALUES ("SQLite_Version"())',
    'INSERT INTO r VALUES (sqlite_source_id())',
    'INSERT INTO r VALUES (sqlite_compileoption_used(1))',
    'INSERT INTO r SELECT * FROM pragma_page_count',
    "INSERT INTO r SELECT * FROM 'pragma_page_count'",
    'INSERT INTO r SELECT * FROM pragma_compile_options()',
    `INSERT INTO r VALUES (${'date('.repeat(200)}1${')'.repeat(200)})`,
    `INSERT INTO r VALUES (${"date(''||".repeat(9)}1${')'.repeat(9)})`,
  ])('%s', (sql) => {
    expect(() => rewritten(sql)).toThrow(withCode('NONDETERMINISTIC_SQL'))
  })
})

test('columns of a result keep their names', () => {
  const names = (sql: string): string[] =>
    judge.rows(`SELECT name FROM pragma_table_info('${sql}') ORDER BY cid`).map(([name]) => String(name))
  const select = `SELECT datetime('now'), 1 + random(), "current_date"(), CURRENT_TIME AS t, date('now') d, max(1, unixepoch()), id
    FROM s WHERE id = 0`
  judge.rows(`CREATE TABLE plain AS ${select.replace('random()', '5')}`)
  expect(() => rewritten(`CREATE TABLE made AS ${select}`)).toThrow(withCode('NONDETERMINISTIC_SQL'))
  judge.rows(rewritten(`CREATE TABLE made AS ${select.replace('random()', '5')}`).sql)
  expect(names('made')).toEqual(names('plain').map((name) => (name.startsWith('max') ? expect.any(String) : name)))
  expect(rewritten("INSERT INTO s(at) VALUES (1) RETURNING id, julianday('now')").sql).toMatch(
    /AS "julianday\('now'\)"$/,
  )
})

test('reads may say now, and are only rewritten where they stand among writes', () => {
  expect(rewritten("EXPLAIN INSERT INTO r VALUES (datetime('now'))").sql).toContain("'now'")
  expect(rewritten('PRAGMA table_info(s)').sql).toBe('PRAGMA table_info(s)')
})

test('a text of the largest size takes no longer than its length', () => {
  const started = process.cpuUsage()
  const sql = 'CREATE TABLE t(a, id INTEGER PRIMARY KEY)'
  const schema = knownSchemaOf([{ type: 'table', name: 't', table: 't', sql }])
  const INSERT = 'INSERT INTO t(a, id) VALUES '
  for (const [before, piece] of [
    ['', 'UPDATE t SET id = '],
    ['UPDATE t SET ', '(a, id) = (SELECT 1, 2),'],
    ['UPDATE t SET ', '(a, id) = (1, 2),'],
    ['INSERT INTO t SELECT ', '_dbc, _dbc1, id,'],
    [INSERT, '(1, a, a, a),'],
    [`${INSERT}(1, 2)`, ' ON CONFLICT DO UPDATE SET id = 1 + 1'],
  ] as const) {
    const text = before + piece.repeat(Math.floor(100_000 / piece.length))
    try {
      makeDeterministic(planStatement(text), [], { nowMs: NOW_MS, randomBytes, schema })
    } catch {
      // as below
    }
  }
  for (const piece of ['date(', '(SELECT ', "date('now'),", 'random,', 'CURRENT_DATE,', 'date(a),']) {
    const sql = `INSERT INTO r SELECT ${piece.repeat(Math.floor(100_000 / piece.length))}`
    try {
      rewritten(sql)
    } catch {
      // refused, or no SQL: only the time counts
    }
  }
  // The processor's time, and far more than it takes: a quadratic blow-up takes minutes.
  expect(process.cpuUsage(started).user / 1_000).toBeLessThan(10_000)
})

test('the schema of an empty database is empty', () => expect(knownSchemaOf([]).size).toBe(0))
