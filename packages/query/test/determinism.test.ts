import { createHash } from 'node:crypto'
import type { RowsResult, SqlValue, StatementResult, TableSchema, WriteResult } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startReplicas, type TestReplicas } from './support/replicas.js'
import { createWorld, recordOf, type World } from './support/world.js'

/** Three real replicas; the query path asks whichever leads. */
let replicas: TestReplicas
let world: World
beforeAll(async () => {
  replicas = await startReplicas(3)
  world = createWorld({ replicas: replicas.local, records: [recordOf('app_users')] })
}, 30_000)
afterAll(() => replicas?.stop())

const database = 'users'
const execute = (sql: string, args: readonly SqlValue[] = []): Promise<WriteResult> =>
  world.result({ op: 'execute', database, statement: { sql, args: [...args] } })
const rows = async (sql: string, args: readonly SqlValue[] = []): Promise<RowsResult['rows']> =>
  (await world.result<RowsResult>({ op: 'query', database, statement: { sql, args: [...args] } })).rows
const statementsOf = (list: readonly (string | { sql: string })[]): { sql: string }[] =>
  list.map((one) => (typeof one === 'string' ? { sql: one } : one))
const transaction = (
  ...list: readonly (string | { sql: string; assert?: boolean })[]
): Promise<{ results: WriteResult[] }> => world.result({ op: 'transaction', database, statements: statementsOf(list) })
const batch = (...list: readonly string[]): Promise<{ results: StatementResult[] }> =>
  world.result({ op: 'batch', database, statements: statementsOf(list) })

const EVERY_DEFAULT = `CREATE TABLE every (
  id INTEGER PRIMARY KEY,
  a TEXT DEFAULT CURRENT_TIMESTAMP, b DATE NOT NULL DEFAULT CURRENT_DATE, c DEFAULT CURRENT_TIME,
  d DEFAULT (datetime('now', 'subsec')), e DEFAULT (unixepoch('subsec')), f REAL DEFAULT (julianday()),
  g DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), h DEFAULT (random()), i DEFAULT (lower(hex(randomblob(16)))),
  j DEFAULT (timediff('now', '2000-01-01')), k DEFAULT (datetime('now', 'localtime')), l DEFAULT 'now', m)`

describe('every construct that differs by time or replica', () => {
  test('is written once, and stays on all replicas through restarts, kills and a rebuild from the log', async () => {
    await execute(EVERY_DEFAULT)
    await execute('CREATE TABLE young (id INTEGER PRIMARY KEY, v, at DATETIME DEFAULT CURRENT_TIMESTAMP)')
    await execute('INSERT INTO every DEFAULT VALUES')
    await execute('INSERT INTO every(m) VALUES (?), (?)', ['x', 'y'])
    await execute('REPLACE INTO every(id) VALUES (2)')
    await execute("INSERT INTO every(id, m) VALUES (2, 1) ON CONFLICT (id) DO UPDATE SET m = datetime('now', 'subsec')")
    await execute('INSERT INTO young(v) SELECT id FROM every ORDER BY id DESC')
    await execute('INSERT INTO young(v) VALUES (datetime(?, ?))', ['now', 'subsec'])
    await execute("INSERT INTO young(v) VALUES ('now'), ('2020-01-01')")
    await execute("UPDATE young SET v = datetime(v, 'subsec') WHERE v IN ('now', '2020-01-01')")
    await execute("UPDATE young SET at = strftime('%f', 'now') WHERE id = 1 RETURNING at, CURRENT_TIMESTAMP")
    await batch(
      'INSERT INTO young(v) VALUES (random())',
      "INSERT INTO young(v) VALUES (julianday('now'))",
      'INSERT INTO young DEFAULT VALUES',
    )
    await transaction(
      "CREATE TABLE made (id INTEGER PRIMARY KEY, parent, at DEFAULT (datetime('now', 'subsec')), token DEFAULT (randomblob(8)))",
      'INSERT INTO young(v) VALUES (NULL)',
      'INSERT INTO made(parent) VALUES (last_insert_rowid())',
      { sql: 'SELECT changes() = 1', assert: true },
      { sql: "SELECT datetime('now') >= '2020'", assert: true },
      'ALTER TABLE made ADD COLUMN extra',
      'INSERT INTO made(extra) VALUES (CURRENT_TIMESTAMP)',
      "CREATE TABLE copied AS SELECT datetime('now', 'subsec') AS at, m.* FROM made AS m",
    )
    await execute('CREATE TRIGGER log AFTER DELETE ON made BEGIN INSERT INTO young(v, at) VALUES (OLD.id, OLD.at); END')
    await execute("DELETE FROM made WHERE extra <= datetime('now')")

    const before = await replicas.dumps()
    expect(new Set(before.map(hash)).size).toBe(1)
    expect(before[0]).toMatch(/every/)
    expect(await rows('SELECT count(*) FROM young')).toEqual([[11]])
    expect(await rows('SELECT (SELECT parent FROM made) = (SELECT max(id) FROM young WHERE v IS NULL)')).toEqual([[1]])

    await replicas.later() // every clock that shows seconds has moved on
    await replicas.restart('SIGTERM')
    expect((await replicas.dumps()).map(hash)).toEqual(before.map(hash))
    await replicas.restart('SIGKILL')
    expect((await replicas.dumps()).map(hash)).toEqual(before.map(hash))
  }, 60_000)

  test('differs without the node, which is what all this is for', async () => {
    await replicas.past('CREATE TABLE raw (id INTEGER PRIMARY KEY, at DEFAULT (julianday()))')
    await replicas.past('INSERT INTO raw(id) VALUES (1)')
    const before = await replicas.rows('SELECT at FROM raw')
    expect(new Set(before).size).toBeGreaterThan(1)
    await replicas.past('DROP TABLE raw')
  })
})

test('a text or name that only looks like a call does no harm', async () => {
  expect((await execute("INSERT INTO young(v) VALUES ('random()') RETURNING v, random() IS NOT NULL")).rows).toEqual([
    ['random()', 1],
  ])
  const { results } = await transaction('INSERT INTO young(v) VALUES (1) RETURNING random()')
  expect(results[0]?.columns).toEqual(['random()'])
  expect(typeof results[0]?.rows?.[0]?.[0]).toMatch(/number|bigint/)
})

describe('many at once', () => {
  test('a table comes, goes and is renamed while rows are inserted: stated errors only, and the same rows everywhere', async () => {
    const other = createWorld({ replicas: replicas.local, records: [recordOf('app_users')] })
    const defaults = ['CURRENT_TIMESTAMP', '(julianday())', '(random())', '(lower(hex(randomblob(4))))', '1']
    const changes = async (): Promise<void> => {
      for (let round = 0; round < 15; round += 1) {
        const value = defaults[round % defaults.length]
        for (const sql of [
          `CREATE TABLE IF NOT EXISTS busy (id INTEGER PRIMARY KEY, at_${round % 2} DEFAULT ${value})`,
          'INSERT INTO busy DEFAULT VALUES',
          `ALTER TABLE busy RENAME TO busy_${round}`,
          ...(round % 3 === 0 ? [`ALTER TABLE busy_${round} RENAME TO busy`, 'DROP TABLE busy'] : []),
        ]) {
          await other.result({ op: 'execute', database, statement: { sql } })
        }
      }
    }
    let done = false
    const failures: unknown[] = []
    const inserts = async (): Promise<void> => {
      while (!done) await execute('INSERT INTO busy DEFAULT VALUES').catch((error: unknown) => failures.push(error))
    }
    const inserting = [inserts(), inserts()]
    await changes().finally(() => {
      done = true
    })
    await Promise.all(inserting)
    const codes = new Set(failures.map((error) => (error as { code: string }).code))
    for (const code of codes) expect(['SQL_ERROR', 'NONDETERMINISTIC_SQL']).toContain(code)
    const counts = await rows("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'busy_*'")
    expect(Number(counts[0]?.[0])).toBeGreaterThan(5)
    const before = await replicas.dumps()
    expect(before[0]).toMatch(/\["\d+","-?\d{10,}"\]/) // a row with a random default
    expect(new Set(before.map(hash)).size).toBe(1)
    await replicas.restart('SIGKILL')
    expect((await replicas.dumps()).map(hash)).toEqual(before.map(hash))
  }, 60_000)
})

describe('a schema is shown as it was written', () => {
  test('in the schema, PRAGMA and sqlite_schema', async () => {
    const { tables } = await world.result<{ tables: TableSchema[] }>({ op: 'schema', database })
    expect(tables.find(({ name }) => name === 'every')?.sql).toBe(EVERY_DEFAULT)
    expect(await rows("SELECT sql FROM sqlite_schema WHERE name = 'every'")).toEqual([[EVERY_DEFAULT]])
    const info = await rows('PRAGMA table_info(every)')
    expect(info.map((row) => row[4]).slice(0, 5)).toEqual([
      null,
      'CURRENT_TIMESTAMP',
      'CURRENT_DATE',
      'CURRENT_TIME',
      "datetime('now', 'subsec')",
    ])
    expect(JSON.stringify(await rows('SELECT * FROM pragma_table_xinfo(?)', ['every']))).not.toContain('volatile')
  })
})

describe('a schema that changed behind the back of the node', () => {
  test('makes an INSERT fail on all replicas alike, and the node writes it anew', async () => {
    await execute('CREATE TABLE swap (id INTEGER PRIMARY KEY, old DEFAULT 1)')
    await execute('INSERT INTO swap(id) VALUES (1)')
    const other = createWorld({ replicas: replicas.local, records: [recordOf('app_users')] })
    const elsewhere = (sql: string): Promise<unknown> => other.result({ op: 'execute', database, statement: { sql } })
    await elsewhere('DROP TABLE swap')
    await elsewhere('CREATE TABLE swap (id INTEGER PRIMARY KEY, at NOT NULL DEFAULT CURRENT_TIMESTAMP)')
    expect(await execute('INSERT INTO swap(id) VALUES (2)')).toEqual({ rowsAffected: 1, lastInsertId: 2 })
    await elsewhere('ALTER TABLE swap RENAME COLUMN at TO made_at')
    expect(await execute('INSERT INTO swap(id) VALUES (3)')).toEqual({ rowsAffected: 1, lastInsertId: 3 })
    await elsewhere('DROP TABLE swap')
    await elsewhere('CREATE TABLE swap (id INTEGER PRIMARY KEY, day NOT NULL DEFAULT CURRENT_DATE)')
    const { results } = await transaction('INSERT INTO swap(id) VALUES (4)', 'INSERT INTO swap(id) VALUES (5)')
    expect(results).toHaveLength(2)
    await elsewhere('ALTER TABLE swap RENAME COLUMN day TO date')
    await elsewhere('ALTER TABLE swap ADD COLUMN extra')
    const mixed = await batch('INSERT INTO swap(id) VALUES (6)', 'DELETE FROM swap WHERE 0')
    expect(mixed.results.map((result) => 'error' in result)).toEqual([true, false])
    expect((await batch('INSERT INTO swap(id) VALUES (6)')).results).toEqual([{ rowsAffected: 1, lastInsertId: 6 }])
    expect(await rows('SELECT id FROM swap ORDER BY id')).toEqual([[4], [5], [6]])
  })

  test('what is wrong in either form is told as SQLite tells it', async () => {
    await expect(execute('INSERT INTO absent(x) VALUES (1)')).rejects.toMatchObject({ code: 'SQL_ERROR' })
    await expect(execute('INSERT INTO every(nothing) VALUES (1)')).rejects.toMatchObject({
      code: 'SQL_ERROR',
      message: expect.stringContaining('nothing'),
    })
  })
})

describe('what cannot be made the same everywhere is refused', () => {
  test.each([
    'UPDATE every SET m = random()',
    'INSERT INTO every(m) SELECT 1 FROM young',
    'INSERT INTO young(v) VALUES (last_insert_rowid())',
    'CREATE VIEW v AS SELECT CURRENT_TIMESTAMP',
    'CREATE TRIGGER tr AFTER UPDATE ON young BEGIN INSERT INTO every(m) VALUES (1); END',
    'INSERT OR REPLACE INTO every(id, b) VALUES (1, NULL)',
    'INSERT INTO young(id, v) SELECT 9223372036854775806 + 1, 1',
    'UPDATE young SET id = 9223372036854775806 + id WHERE id = 1',
  ])('%s', async (sql) => {
    await expect(execute(sql)).rejects.toMatchObject({ code: 'NONDETERMINISTIC_SQL' })
  })

  test('and told as such where a view meets the text of now in a column, in a read and in a write', async () => {
    await execute('CREATE TABLE told (at)')
    await execute('CREATE VIEW days AS SELECT date(at) FROM told')
    await execute('INSERT INTO told VALUES (?)', ['2020-01-01 10:00'])
    expect(await rows('SELECT * FROM days')).toEqual([['2020-01-01']])
    await execute('INSERT INTO told VALUES (?)', ['now'])
    const refused = { code: 'NONDETERMINISTIC_SQL', message: expect.stringContaining("the text 'now'") }
    await expect(rows('SELECT * FROM days')).rejects.toMatchObject(refused)
    // Asked for the first time, and so in another form.
    await expect(rows('SELECT * FROM days WHERE true')).rejects.toMatchObject(refused)
    await expect(execute('INSERT INTO young(v) SELECT * FROM days')).rejects.toMatchObject(refused)
  })

  test("with the statement's index, and reads may do what they like", async () => {
    await expect(transaction('DELETE FROM young WHERE 0', 'UPDATE every SET m = random()')).rejects.toMatchObject({
      code: 'NONDETERMINISTIC_SQL',
      statement_index: 1,
    })
    expect(
      await rows("SELECT count(*) FROM every WHERE random() IS NOT NULL AND d <= datetime('now', 'subsec')"),
    ).toEqual([[3]])
    const { results } = await transaction(
      'DELETE FROM young WHERE 0',
      "SELECT datetime('now'), CURRENT_DATE d, random()",
    )
    expect(results[1]?.columns).toEqual(["datetime('now')", 'd', 'random()'])
  })
})

const hash = (dump: string): string => createHash('sha256').update(dump).digest('hex')
