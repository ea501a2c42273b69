import type { Operation, RowsResult, SqlValue, StatementResult, TableSchema, WriteResult } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startReplica, type TestReplica } from './support/rqlited.js'
import { createWorld, recordOf, type World } from './support/world.js'

let rqlited: TestReplica
let world: World

beforeAll(async () => {
  rqlited = await startReplica()
  world = createWorld({ replicas: { app_users: rqlited.replica }, records: [recordOf('app_users')] })
  for (const sql of [
    'CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, flag BOOLEAN, at DATETIME, day DATE, any)',
    'CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID',
    'CREATE TABLE child (t_id INTEGER REFERENCES t(id))',
  ]) {
    await execute(sql)
  }
})
afterAll(() => rqlited.stop())

const database = 'users'
const execute = (sql: string, args: readonly SqlValue[] = []): Promise<WriteResult> =>
  world.result({ op: 'execute', database, statement: { sql, args: [...args] } })
const rows = async (sql: string, args: readonly SqlValue[] = []): Promise<RowsResult['rows']> =>
  (await world.result<RowsResult>({ op: 'query', database, statement: { sql, args: [...args] } })).rows
const statementsOf = (list: readonly unknown[]): { sql: string }[] =>
  list.map((one) => (typeof one === 'string' ? { sql: one } : one)) as { sql: string }[]
const transaction = (...statements: readonly unknown[]): Promise<{ results: WriteResult[] }> =>
  world.result({ op: 'transaction', database, statements: statementsOf(statements) })
const batch = (...statements: readonly unknown[]): Promise<{ results: StatementResult[] }> =>
  world.result({ op: 'batch', database, statements: statementsOf(statements) })
const empty = async (): Promise<void> => void (await batch('DELETE FROM child', 'DELETE FROM t', 'DELETE FROM keyed'))

const BYTES = Uint8Array.of(0, 255, 1)
/** What rqlite by itself would turn into true, RFC 3339, the year 1 and broken text. */
const ODD = [7, '2024-01-01 00:00:00', 'not a day', BYTES] as const

describe('values come as SQLite holds them', () => {
  beforeAll(async () => {
    await empty()
    await execute('INSERT INTO t (id, name, flag, at, day, any) VALUES (1, ?, ?, ?, ?, ?)', ['a', ...ODD])
    await execute('INSERT INTO t (id, name) VALUES (2, ?)', ['b'])
  })

  test.each([1, 2, 3])('from a query, time %d', async () => {
    expect(await rows('SELECT flag, at, day, any FROM t WHERE id = ?', [1])).toEqual([ODD])
  })

  test('from a read of execute, of a batch, of a batch with writes and of a transaction', async () => {
    const sql = 'SELECT flag, at, day, any FROM t WHERE id = 1'
    const select = { sql }
    expect((await execute(sql)).rows).toEqual([ODD])
    expect((await batch(select)).results).toEqual([expect.objectContaining({ rows: [ODD] })])
    const mixed = await batch('DELETE FROM keyed', select, "INSERT INTO keyed VALUES ('x', 1)", select)
    expect(mixed.results.map((result) => 'rows' in result && result.rows)).toEqual([false, [ODD], false, [ODD]])
    const { results } = await transaction("UPDATE t SET name = 'a2' WHERE id = 1", {
      sql: `${sql} AND name = ?`,
      args: ['a2'],
    })
    expect(results[1]).toEqual({ rowsAffected: 0, lastInsertId: 0, columns: ['flag', 'at', 'day', 'any'], rows: [ODD] })
  })

  test('a transaction reads a table that it has just made', async () => {
    const { results } = await transaction(
      'CREATE TABLE young (b BOOLEAN, n)',
      'INSERT INTO young VALUES (1, 5) RETURNING *',
      'SELECT n FROM young',
      'DROP TABLE young',
    )
    expect(results.map((result) => result.rows)).toEqual([undefined, [[1, 5]], [[5]], undefined])
  })

  test.each([
    ['*', ['id', 'name', 'flag', 'at', 'day', 'any'], [3, 'c', ...ODD]],
    ['FLAG, "at" AS "when"', ['flag', 'when'], ODD.slice(0, 2)],
    ['day d, any e', ['d', 'e'], ODD.slice(2)],
    [
      't.any, rowid, *, (SELECT 5) five',
      ['any', 'id', 'id', 'name', 'flag', 'at', 'day', 'any', 'five'],
      [BYTES, 3, 3, 'c', ...ODD, 5],
    ],
    [
      'flag + 1, name IS NULL, name COLLATE NOCASE, any',
      ['flag + 1', 'name IS NULL', 'name COLLATE NOCASE', 'any'],
      [8, 0, 'c', BYTES],
    ],
    [
      "name NOT NULL, CASE WHEN 1 THEN any END, max(id, 2) big, 'x' AS [y] -- end",
      ['name NOT NULL', 'CASE WHEN 1 THEN any END', 'big', 'y'],
      [1, BYTES, 3, 'x'],
    ],
    [
      "9223372036854775807 AS i, 1e17 r, x'00ff' b",
      ['i', 'r', 'b'],
      [9223372036854775807n, 1e17, Uint8Array.of(0, 255)],
    ],
  ])('from RETURNING %s', async (clause, columns, values) => {
    await execute('DELETE FROM t WHERE id = 3')
    const sql = `INSERT INTO t VALUES (3, ?, ?, ?, ?, ?) RETURNING ${clause}`
    expect(await execute(sql, ['c', ...ODD])).toEqual({ rowsAffected: 1, lastInsertId: 3, columns, rows: [values] })
  })

  test('from RETURNING with parameters in it', async () => {
    const sql = 'UPDATE t SET name = ? WHERE id = 2 RETURNING id, ? AS given'
    expect((await execute(sql, ['b', 'x'])).rows).toEqual([[2, 'x']])
  })

  test.each([
    'UPDATE t SET flag = (SELECT 5) WHERE id = 2 RETURNING id',
    'UPDATE t SET (name, flag) = (name, 6) WHERE id = 2 RETURNING id',
    'UPDATE t SET flag = o.id FROM t AS o WHERE t.id = 2 AND o.id = 2 RETURNING t.id',
    'WITH x AS (SELECT 2 AS a) UPDATE t SET flag = 1 WHERE id IN (SELECT a FROM x) RETURNING [id]',
    "INSERT INTO main.t (id, name) VALUES (2, 'b') ON CONFLICT (id) DO UPDATE SET flag = 4 RETURNING id",
  ])("rows of RETURNING are there though rqlite's own parser does not understand: %s", async (sql) => {
    const alone = await execute(sql)
    expect([alone.rowsAffected, alone.rows]).toEqual([1, [[2]]])
    expect((await transaction(sql)).results[0]?.rows).toEqual([[2]])
  })
})

describe('counts', () => {
  beforeAll(empty)
  const UPSERT = 'INSERT INTO t (name, flag) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET flag = flag + 1'

  const cases: readonly (readonly [string, readonly SqlValue[], number, number])[] = [
    ['INSERT INTO t (id, name) VALUES (40, ?)', ['p'], 1, 40],
    ['INSERT OR IGNORE INTO t (name) VALUES (?)', ['p'], 0, 0],
    ['INSERT INTO t (name) VALUES (?) ON CONFLICT DO NOTHING', ['p'], 0, 0],
    [UPSERT, ['p'], 1, 0],
    [UPSERT, ['q'], 1, 41],
    [UPSERT, ['q'], 1, 0],
    [`${UPSERT} RETURNING id`, ['q'], 1, 0],
    [`${UPSERT} RETURNING id`, ['r'], 1, 42],
    ['REPLACE INTO t (id, name) VALUES (42, ?)', ['s'], 1, 42],
    ["INSERT INTO keyed VALUES ('k', ?)", [1], 1, 0],
    ['UPDATE t SET flag = ?', [3], 3, 0],
    ['UPDATE t SET flag = ? RETURNING id, id', [3], 3, 0],
    ['DELETE FROM t WHERE id > ?', [1_000], 0, 0],
    ['INSERT INTO t (id) SELECT 50 WHERE ?', [0], 0, 0],
    ['CREATE INDEX IF NOT EXISTS by_flag ON t (flag)', [], 0, 0],
    ['INSERT INTO t (name) VALUES (?), (NULL)', ['u'], 2, 44],
  ]
  test.each(cases)('%s %j', async (sql, args, rowsAffected, lastInsertId) => {
    const { rowsAffected: affected, lastInsertId: id } = await execute(sql, args)
    expect([affected, id]).toEqual([rowsAffected, lastInsertId])
  })

  test('of many inserts at once are each its own', async () => {
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const { lastInsertId } = await execute('INSERT INTO t (name) VALUES (?)', [`many ${at}`])
        return [`many ${at}`, lastInsertId]
      }),
    )
    expect(await rows("SELECT name, id FROM t WHERE name LIKE 'many %' ORDER BY id")).toEqual(
      ids.sort(([, a], [, b]) => Number(a) - Number(b)),
    )
    await execute("DELETE FROM t WHERE name LIKE 'many %'")
  })

  test('are the same in a batch and in a transaction, with rows and without', async () => {
    const inserts = ["INSERT INTO t (id, name) VALUES (70, 'a70')", "INSERT INTO keyed VALUES ('k70', 1)"]
    const upsert = { sql: UPSERT, args: ['a70'] }
    const counts = (results: readonly StatementResult[]): unknown =>
      results.map((one) => ('error' in one ? one.error.code : [one.rowsAffected, one.lastInsertId]))
    const undo = "DELETE FROM t WHERE name = 'a70'"
    const all = [...inserts, upsert, undo, "DELETE FROM keyed WHERE k = 'k70'"]
    const expected = [
      [1, 70],
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 0],
    ]
    expect(counts((await batch(...all)).results)).toEqual(expected)
    expect(counts((await transaction(...all)).results)).toEqual(expected)
    expect(counts((await batch(...all, 'SELECT 1')).results)).toEqual([...expected, [0, 0]])
    expect(counts((await transaction(...all, 'SELECT 1')).results)).toEqual([...expected, [0, 0]])
  })
})

describe('a transaction is all or nothing', () => {
  beforeAll(empty)
  const before = "INSERT INTO t (name) VALUES ('before')"
  const after = "INSERT INTO t (name) VALUES ('after')"
  const failing: readonly (readonly [string, unknown, string])[] = [
    [
      'a constraint',
      'INSERT INTO t (id, name) VALUES (NULL, (SELECT name FROM t LIMIT 1))',
      'SQLITE_CONSTRAINT_UNIQUE',
    ],
    [
      'a constraint of a RETURNING',
      "INSERT INTO t (name) VALUES ('x'), ('x') RETURNING id",
      'SQLITE_CONSTRAINT_UNIQUE',
    ],
    ['a missing table', 'INSERT INTO missing VALUES (1)', 'SQL_ERROR'],
    ['a missing table of a RETURNING', 'INSERT INTO missing VALUES (1) RETURNING *', 'SQL_ERROR'],
    ['a missing column in RETURNING', 'DELETE FROM t RETURNING nothing', 'SQL_ERROR'],
    ['a read that fails', "SELECT json_extract('{}', 'bad')", 'SQL_ERROR'],
    ['a read of a missing table', 'SELECT * FROM missing', 'SQL_ERROR'],
    ['an assertion', { sql: "SELECT EXISTS (SELECT 1 FROM t WHERE name = 'never')", assert: true }, 'ASSERTION_FAILED'],
    ['an assertion about a missing table', { sql: 'SELECT 1 FROM missing', assert: true }, 'SQL_ERROR'],
    ['a rollback of its own', "INSERT OR ROLLBACK INTO t (name) VALUES ('before')", 'SQLITE_CONSTRAINT_UNIQUE'],
    ['a foreign key', 'INSERT INTO child VALUES (12345)', 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  ]
  test.each(failing)('%s', async (_, statement, code) => {
    for (const list of [
      [before, statement, after],
      [before, statement, after, 'SELECT 1'],
      ["INSERT INTO t (name) VALUES ('before') RETURNING *", statement, after],
    ]) {
      await expect(transaction(...list)).rejects.toMatchObject({ code, statement_index: 1 })
      expect(await rows('SELECT count(*) FROM t')).toEqual([[0]])
    }
  })

  test('and an assertion that holds lets it through, without rows', async () => {
    const assert = { sql: 'SELECT count(*) = ? FROM t', args: [1], assert: true }
    const { results } = await transaction(before, assert, "DELETE FROM t WHERE name = 'before'")
    expect(results.map(({ rowsAffected, rows: given }) => [rowsAffected, given])).toEqual([
      [1, undefined],
      [0, undefined],
      [1, undefined],
    ])
  })
})

describe('a batch', () => {
  beforeAll(empty)

  test('goes on after a statement that fails, and says which it was', async () => {
    const { results } = await batch(
      "INSERT INTO t (id, name) VALUES (1, 'a')",
      "INSERT INTO t (name) VALUES ('a') RETURNING id",
      'SELECT * FROM missing',
      "INSERT INTO t (id, name) VALUES (9, 'b') RETURNING id",
    )
    expect(results).toEqual([
      { rowsAffected: 1, lastInsertId: 1 },
      { error: expect.objectContaining({ code: 'SQLITE_CONSTRAINT_UNIQUE', statement_index: 1 }) },
      { error: expect.objectContaining({ code: 'SQL_ERROR', statement_index: 2 }) },
      { rowsAffected: 1, lastInsertId: 9, columns: ['id'], rows: [[9]] },
    ])
    expect((await batch('SELECT 1', 'SELECT * FROM missing', 'SELECT 3')).results).toEqual([
      expect.objectContaining({ rows: [[1]] }),
      { error: expect.objectContaining({ code: 'SQL_ERROR', statement_index: 1 }) },
      expect.objectContaining({ rows: [[3]] }),
    ])
  })

  test('is not begun when one of its statements cannot be sent', async () => {
    const wrong = { sql: 'INSERT INTO t (name) VALUES (?)', args: [] }
    await expect(batch('DELETE FROM t', wrong)).rejects.toMatchObject({ code: 'INVALID_VALUE', statement_index: 1 })
    await expect(batch('DELETE FROM t', 'ATTACH x AS y')).rejects.toMatchObject({ statement_index: 1 })
    expect(await rows('SELECT count(*) FROM t')).toEqual([[2]])
  })
})

describe('what cannot be answered', () => {
  test('more rows than an answer may have', async () => {
    const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001) SELECT i FROM n'
    await expect(rows(many)).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' })
  })

  test('more bytes than an answer may have', async () => {
    const large = "SELECT replace(substr(hex(zeroblob(9000000)), 1, 17000000), '0', 'x') AS text"
    await expect(rows(large)).rejects.toMatchObject({
      code: 'RESULT_TOO_LARGE',
      message: expect.stringMatching(/bytes/),
    })
  })

  test('random values for each row of several', async () => {
    const sql = 'UPDATE t SET any = random() RETURNING id'
    await expect(execute(sql)).rejects.toMatchObject({ code: 'NONDETERMINISTIC_SQL' })
    await expect(transaction('SELECT 1', 'UPDATE t SET any = randomblob(4)')).rejects.toMatchObject({
      code: 'NONDETERMINISTIC_SQL',
      statement_index: 1,
    })
  })

  test('a write that runs longer than its caller waits has an unknown outcome', async () => {
    // It runs for seconds; what precedes the sending (a look at the schema) takes milliseconds, on a busy machine too.
    const sql = `INSERT INTO keyed SELECT 'slow' || max(i), 0 FROM
      (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000000) SELECT i FROM n)`
    const slow: Operation = { op: 'execute', database, statement: { sql } }
    await expect(world.result(slow, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    await execute('DELETE FROM keyed')
    const caller = new AbortController()
    const asked = world.result(slow, { signal: caller.signal })
    setTimeout(() => caller.abort(), 500)
    await expect(asked).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    await expect(world.result(slow, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    await execute('DELETE FROM keyed')
  }, 60_000)

  test('a read that runs longer than its caller waits has timed out', async () => {
    const sql = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT max(i) FROM n'
    const slow: Operation = { op: 'query', database, statement: { sql } }
    await expect(world.result(slow, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT', request_id: 'r1' })
  })
})

describe('tables', () => {
  test('the schema has tables, views and generated columns, and outlives broken views and virtual tables', async () => {
    await execute('CREATE TABLE gen (a, b AS (a + 1), c AS (a + 2) STORED)')
    await execute('CREATE VIEW whole AS SELECT a AS x FROM gen')
    await execute('CREATE TABLE gone (a)')
    await execute('CREATE VIEW broken AS SELECT * FROM gone')
    await world.result({ op: 'dropTable', database, table: 'gone' })
    await execute('CREATE VIRTUAL TABLE found USING fts5(words)')
    await execute('CREATE VIRTUAL TABLE torn USING fts4(words)')
    await execute('DROP TABLE torn_content')
    await execute('DROP TABLE torn_segdir')
    const { tables } = await world.result<{ tables: TableSchema[] }>({ op: 'schema', database })
    const shown = tables.map(({ name, columns, type }) => [name, columns, type])
    expect(shown).toContainEqual(['gen', ['a', 'b', 'c'], 'table'])
    expect(shown).toContainEqual(['whole', ['x'], 'view'])
    expect(shown).toContainEqual(['broken', [], 'view'])
    expect(shown).toContainEqual(['found', ['words'], 'table'])
    expect(shown.map(([name]) => name)).toContain('torn')
    expect(tables.find(({ name }) => name === 'gen')?.sql).toMatch(/^CREATE TABLE gen/)
    expect(shown.map(([name]) => name)).not.toContain('_dbcluster_insert')
  })

  test('create-table and drop-table count nothing; a missing one is not found', async () => {
    const schema = 'CREATE TABLE "odd ""name" (a)'
    expect(await world.result({ op: 'createTable', database, schema })).toEqual({ rowsAffected: 0, lastInsertId: 0 })
    const drop: Operation = { op: 'dropTable', database, table: 'odd "name' }
    expect(await world.result(drop)).toEqual({ rowsAffected: 0, lastInsertId: 0 })
    await expect(world.result(drop)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(world.result({ op: 'createTable', database, schema: 'DROP TABLE t' })).rejects.toMatchObject({
      code: 'SQL_FORBIDDEN',
    })
  })
})

describe('reads', () => {
  test.each(['none', 'weak', 'linearizable', 'strong'] as const)('at the level %s', async (consistency) => {
    const response = await world.ask({ op: 'query', database, statement: { sql: 'SELECT 1' }, consistency })
    const promised = ['none', 'weak', 'linearizable', 'strong']
    expect(response).toMatchObject({ ok: true, result: { rows: [[1]] } })
    const used = response.ok ? response.meta.consistency : undefined
    expect(promised.indexOf(used ?? '')).toBeGreaterThanOrEqual(promised.indexOf(consistency))
  })

  test('are counted as activity, and nothing else is', async () => {
    const before = world.service.activity('app_users')
    expect(before.inFlight).toBe(0)
    await rows('SELECT 1')
    const { lastQueryAt, idleMs } = world.service.activity('app_users')
    expect(lastQueryAt?.getTime()).toBeGreaterThanOrEqual(before.lastQueryAt?.getTime() ?? 0)
    expect(idleMs).toBeLessThan(5_000)
    expect(world.service.activity('app_other')).toEqual({ inFlight: 0, lastQueryAt: undefined, idleMs: undefined })
  })

  test('a column that is renamed has its new name at once', async () => {
    await execute('DROP VIEW IF EXISTS broken')
    await execute('CREATE TABLE renamed (old BOOLEAN)')
    await execute('INSERT INTO renamed VALUES (1)')
    const read: Operation = { op: 'query', database, statement: { sql: 'SELECT * FROM renamed' } }
    for (let time = 0; time < 2; time += 1) expect(await world.result(read)).toMatchObject({ columns: ['old'] })
    await execute('ALTER TABLE renamed RENAME old TO new')
    await execute('ALTER TABLE renamed ADD COLUMN more TEXT')
    expect(await world.result(read)).toEqual({ columns: ['new', 'more'], rows: [[1, null]] })
  })
})
