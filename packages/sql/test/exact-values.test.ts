import type { SqlArgs, SqlValue } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bind, planStatement, wrapForExactValues } from '../src/index.js'
import { type Rqlited, startRqlited } from './support/rqlited.js'
import { type Judge, openJudge } from './support/sqlite.js'

const SCHEMA = [
  'CREATE TABLE e(id INTEGER PRIMARY KEY, b BOOLEAN, d DATE, dt DATETIME, ts TIMESTAMP, x BLOB, n NUMERIC, r REAL, u, t TEXT COLLATE NOCASE)',
  "INSERT INTO e VALUES (1, 1, '2020-01-01', 1700000000, '2024-01-01 10:00:00', x'00ff', 9007199254740993, 1.0, x'61', 'A')",
  "INSERT INTO e VALUES (2, 0, 5, 'junk', 1700000000, 'text', 1e18, 1e300, 9e999, 'a')",
  "INSERT INTO e VALUES (3, NULL, '2020-13-45', '2024-01-01T10:00:00+02:00', 2.5, x'', -9223372036854775808, -9e999, '1', 'B')",
  "INSERT INTO e VALUES (4, 'yes', x'00', NULL, NULL, NULL, '0012', 0.1, 1, '')",
  'CREATE TABLE o(e_id INTEGER, flag BOOLEAN)',
  'CREATE TABLE _DBC(flag BOOLEAN)',
  'INSERT INTO _DBC VALUES (1)',
  'INSERT INTO o VALUES (1, 0), (1, 1), (3, 1), (9, NULL)',
  'CREATE VIRTUAL TABLE f USING fts5(a, b)',
  "INSERT INTO f VALUES ('one two', 'three'), ('two two', 'four')",
]

let rqlited: Rqlited
let judge: Judge
beforeAll(async () => {
  judge = await openJudge(SCHEMA.join(';'))
  rqlited = await startRqlited()
  const results = await rqlited.execute(...SCHEMA)
  expect(results.filter(({ error }) => error !== undefined)).toEqual([])
})
afterAll(async () => {
  judge?.close()
  await rqlited?.stop()
})

/** The rows of a read as they come out of rqlited, wrapped. */
const exactRows = async (sql: string, args: SqlArgs = []): Promise<SqlValue[][]> => {
  const plan = planStatement(sql)
  const exact = wrapForExactValues(plan, columnCount(sql, args))
  if (exact === undefined) throw new Error('not wrapped')
  const bound = bind(exact.plan, args, { blobs: 'inline', hexText: 'inline' })
  const [result] = await rqlited.query([bound.sql, ...bound.params])
  if (result?.error !== undefined) throw new Error(result.error)
  return (result?.values ?? []).map((row) => exact.decodeRow(row))
}

const columnCount = (sql: string, args: SqlArgs): number => judge.rows(sql, args as SqlValue[])[0]?.length ?? 1

/** Integers beyond 2^53 come from the judge as bigints already; its own rows are the truth. */
const trueRows = (sql: string, args: SqlArgs = []): unknown[][] => judge.rows(sql, args as SqlValue[])

const READS: readonly (readonly [sql: string, args?: SqlArgs])[] = [
  ['SELECT * FROM e'],
  ['SELECT * FROM e ORDER BY t, id DESC'],
  ['SELECT * FROM e ORDER BY t COLLATE BINARY DESC LIMIT 2 OFFSET 1'],
  ['SELECT b, b, b AS b FROM e ORDER BY id DESC'],
  ['SELECT e.*, o.* FROM e JOIN o ON o.e_id = e.id ORDER BY o.flag DESC, e.id'],
  ['SELECT e.b, o.flag FROM e LEFT JOIN o ON o.e_id = e.id ORDER BY e.id, o.flag'],
  ['SELECT b FROM e UNION ALL SELECT flag FROM o ORDER BY 1 DESC'],
  ['SELECT d FROM e UNION SELECT ts FROM e ORDER BY 1'],
  ['SELECT b FROM e INTERSECT SELECT flag FROM o'],
  ['SELECT DISTINCT b FROM e ORDER BY b DESC'],
  ['SELECT b, count(*), max(ts) FROM e GROUP BY b HAVING count(*) > 0 ORDER BY 1'],
  ['WITH x AS (SELECT b, d FROM e) SELECT * FROM x WHERE b IS NOT NULL ORDER BY d DESC'],
  ['WITH _dbc AS (SELECT ts FROM e) SELECT * FROM _dbc ORDER BY 1 DESC'],
  [
    'WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 300) SELECT i, i % 2 = 0 FROM c ORDER BY i DESC',
  ],
  ["VALUES (1, 'a', x'00'), (2.5, NULL, 9e999)"],
  ['SELECT row_number() OVER (ORDER BY t, id), ts FROM e ORDER BY 1 DESC'],
  ['SELECT (SELECT b FROM e WHERE id = 1), EXISTS (SELECT 1), CAST(1 AS BOOLEAN), CAST(1 AS REAL)'],
  ['SELECT typeof(r), typeof(n), typeof(u), r, n, u FROM e ORDER BY id'],
  ['SELECT * FROM e WHERE t = ? AND id < ?2 ORDER BY id', ['a', 10]],
  ['SELECT x, ? FROM e WHERE x = ? OR b = ? ORDER BY id', [Uint8Array.of(1, 2), Uint8Array.of(0, 255), 0]],
  ["SELECT highlight(f, 0, '<', '>'), bm25(f) < 0 FROM f WHERE f MATCH 'two' ORDER BY rank"],
  ["SELECT snippet(f, 0, '<', '>', '', 1) FROM f('two') ORDER BY rowid DESC LIMIT 1"],
  ['SELECT 9223372036854775807, -9223372036854775808, 9007199254740993, 1e18, 1e19, 5e-324, 0.1'],
  ["SELECT 'x''00''', '\u{1f600}', '', '2024-01-01 00:00:00'"],
  ['SELECT value, type, atom FROM json_each(\'[1, true, "a", null, 2.5]\') ORDER BY key DESC'],
  ['SELECT name, "notnull", pk FROM pragma_table_info(\'e\') ORDER BY cid DESC'],
  ['SELECT b FROM e WHERE 0'],
  ['SELECT * FROM _Dbc'],
]

describe('a wrapped read gives what SQLite holds', () => {
  test.each(READS.map(([sql, args = []]) => ({ sql, args })))('$sql', async ({ sql, args }) => {
    expect(await exactRows(sql, args)).toEqual(trueRows(sql, args))
  })

  test('where rqlite by itself converts', async () => {
    const [plain] = await rqlited.query('SELECT b, d, x FROM e WHERE id = 1')
    expect(plain?.values).not.toEqual(trueRows('SELECT b, d, x FROM e WHERE id = 1'))
  })

  test('a text with a NUL in it', async () => {
    expect(await exactRows("SELECT 'a' || char(0) || 'b'")).toEqual([['a\0b']])
  })

  test('in the order of a long sort', async () => {
    const sql =
      'WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < 4999) SELECT i * 7919 % 5003 AS k, i FROM c ORDER BY k'
    const rows = await exactRows(sql)
    expect(rows).toHaveLength(5_000)
    expect(rows).toEqual(trueRows(sql))
  })

  test('of very many columns', async () => {
    const sql = `SELECT ${Array.from({ length: 1_999 }, (_, at) => at).join(',')}`
    expect(await exactRows(sql)).toEqual(trueRows(sql))
  })

  test('or an error, for a wrong count of columns', async () => {
    const exact = wrapForExactValues(planStatement('SELECT 1, 2'), 3)
    const [result] = await rqlited.query(exact?.plan.sql)
    expect(result?.error).toMatch(/has 2 values for 3 columns/)
  })
})

describe('what cannot be wrapped is not', () => {
  test.each(['PRAGMA table_info(e)', 'EXPLAIN SELECT 1', 'DELETE FROM e RETURNING b', 'CREATE TABLE n(a)'])(
    '%s',
    (sql) => expect(wrapForExactValues(planStatement(sql), 1)).toBeUndefined(),
  )
  test('no columns, or too many', () => {
    expect(wrapForExactValues(planStatement('SELECT 1'), 0)).toBeUndefined()
    expect(wrapForExactValues(planStatement('SELECT 1'), 2_000)).toBeUndefined()
  })
})

describe('a row of another shape', () => {
  const exact = wrapForExactValues(planStatement('SELECT 1'), 1)
  test.each([[[]], [[1]], [[1, 'ii']], [[1, 'i', 2]], [['a', 'i']], [[true, 'i']], [[1, 'q']], [[1, 'b']]])(
    '%j',
    (row) => expect(() => exact?.decodeRow(row)).toThrow(RangeError),
  )
})
