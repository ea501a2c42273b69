import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Client, type Database, isDbClusterError, sql } from '../src/index.js'

const BIG = 2n ** 63n - 1n

/** A name that no other run has used. */
const freshName = (): string => `conf-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`

const codeOf = (thrown: unknown): string => (isDbClusterError(thrown) ? thrown.code : String(thrown))

/** The code a call fails with; `'none'` when it does not fail. */
const failure = (call: Promise<unknown>): Promise<string> => call.then(() => 'none', codeOf)

/**
 * What the SDK promises, whatever its transport, against a real cluster. `makeClient` gives a client that may write;
 * the suite closes it and deletes what it made.
 */
export const describeConformance = (name: string, makeClient: () => Promise<Client>): void =>
  describe(`${name} conforms`, () => {
    const database = freshName()
    let client: Client
    let db: Database

    beforeAll(async () => {
      client = await makeClient()
      await client.connect()
      db = await client.database(database)
      await db.createTable('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE)')
    }, 60_000)
    afterAll(async () => {
      await client.databases.delete(database)
      await client.close()
    }, 60_000)

    test('a database that was opened is listed, and opening it again changes nothing', async () => {
      expect(await client.databases.list()).toContain(database)
      const again = await client.database(database)
      expect(again.name).toBe(database)
      expect((await again.schema()).tables.map((table) => table.name)).toContain('users')
    })

    test('writes tell what they did', async () => {
      const insert = 'INSERT INTO users (name, email) VALUES (?, ?)'
      const first = await db.execute(insert, ['Alice', 'alice@example.com'])
      expect(first).toMatchObject({ rowsAffected: 1, lastInsertRowid: 1 })
      expect(first.meta.servedBy).not.toBe('')
      expect(await db.execute(insert, ['Bob', 'bob@example.com'])).toMatchObject({ lastInsertRowid: 2 })
      expect(await db.execute('UPDATE users SET name = name')).toMatchObject({ rowsAffected: 2, lastInsertRowid: 0 })
      expect(await db.execute('CREATE INDEX users_name ON users (name)')).toMatchObject({ rowsAffected: 0 })
    })

    test('reads see them, by position, by name and by template', async () => {
      const alice = { id: 1, name: 'Alice', email: 'alice@example.com' }
      const byPosition = await db.query('SELECT * FROM users WHERE name LIKE ?', ['A%'])
      expect(byPosition.rows).toEqual([alice])
      expect(byPosition.columns).toEqual(['id', 'name', 'email'])
      expect(byPosition.values).toEqual([[1, 'Alice', 'alice@example.com']])
      expect((await db.query('SELECT * FROM users WHERE name LIKE :n', { n: 'A%' })).rows).toEqual([alice])
      expect(await db.sql`SELECT * FROM users WHERE id = ${1}`).toEqual([alice])
      expect((await db.query('SELECT id FROM users WHERE 0')).rows).toEqual([])
      expect((await db.query('SELECT 1 AS a, 2 AS a')).values).toEqual([[1, 2]])
    })

    test.each(['none', 'weak', 'strong'] as const)('a read may ask for %s', async (consistency) => {
      const { rows } = await db.query<{ n: number }>('SELECT count(*) AS n FROM users', [], { consistency })
      expect(rows[0]?.n).toBeGreaterThanOrEqual(consistency === 'none' ? 0 : 2)
    })

    test('linearizable is served as asked, or refused', async () => {
      const outcome = await db
        .query('SELECT 1 AS one', [], { consistency: 'linearizable' })
        .then(({ meta }) => meta.consistency, codeOf)
      expect(['linearizable', 'strong', 'CONSISTENCY_UNSUPPORTED']).toContain(outcome)
    })

    test('half of a surrogate pair, which UTF-8 has no form for, is refused and not changed', async () => {
      expect(await failure(db.query('SELECT ?', ['\ud800']))).toBe('INVALID_VALUE')
      expect(await failure(db.query("SELECT '\udfff'"))).toBe('SQL_ERROR')
      expect(await failure(db.batch(['SELECT 1', "SELECT '\ud83d'"]))).toBe('SQL_ERROR')
      expect((await db.query("SELECT '\ud83d\ude00' AS whole")).rows).toEqual([{ whole: '\u{1f600}' }])
    })

    test('every kind of value comes back as it went', async () => {
      await db.createTable('CREATE TABLE kept (id INTEGER PRIMARY KEY, v)')
      const values = [
        null,
        0,
        -1,
        1.5,
        9007199254740991,
        9007199254740993n,
        BIG,
        -(2n ** 63n),
        '',
        "x'00'",
        '{"$int":"1"}',
        'ü😀\n',
        new Uint8Array([0, 1, 254, 255]),
        new Uint8Array(),
      ]
      await db.batch(values.map((value, at) => ['INSERT INTO kept (id, v) VALUES (?, ?)', [at, value]] as const))
      const { values: rows } = await db.query('SELECT v FROM kept ORDER BY id')
      expect(rows.map(([value]) => value)).toEqual(values)
      const { rows: types } = await db.query<{ t: string }>('SELECT typeof(v) AS t FROM kept ORDER BY id')
      expect(types.map(({ t }) => t)).toEqual([
        'null',
        ...['integer', 'integer', 'real', 'integer', 'integer', 'integer', 'integer'],
        ...['text', 'text', 'text', 'text', 'blob', 'blob'],
      ])
      // The largest of all is refused as a rowid: after it SQLite would choose the next ones at random.
      const last = BIG - 1n
      expect(await db.execute('INSERT INTO kept (id) VALUES (?)', [last])).toMatchObject({ lastInsertRowid: last })
    })

    test('RETURNING brings rows', async () => {
      const { rows, rowsAffected } = await db.execute<{ id: number }>(
        'INSERT INTO users (name) VALUES (?) RETURNING id, name',
        ['Carol'],
      )
      expect([rowsAffected, rows]).toEqual([1, [{ id: 3, name: 'Carol' }]])
    })

    test('text that looks like SQL stays text', async () => {
      const evil = "'; DROP TABLE users; --"
      await db.execute('INSERT INTO users (name) VALUES (?)', [evil])
      expect(await db.sql`SELECT name FROM users WHERE name = ${evil}`).toEqual([{ name: evil }])
    })

    test('a batch: one bad statement fails alone', async () => {
      const { results } = await db.batch([
        "INSERT INTO users (name) VALUES ('Dora')",
        'INSERT INTO nowhere VALUES (1)',
        ['INSERT INTO users (name) VALUES (?)', ['Eve']],
      ])
      expect(results.map((result) => ('error' in result ? 'failed' : result.rowsAffected))).toEqual([1, 'failed', 1])
    })

    test('a transaction: all or nothing', async () => {
      const count = async (): Promise<unknown> =>
        (await db.query<{ n: number }>('SELECT count(*) AS n FROM users')).rows[0]?.n
      const before = await count()
      const insert = sql`INSERT INTO users (name) VALUES (${'Tess'})`
      expect(await failure(db.transaction([insert, 'INSERT INTO nowhere VALUES (1)']))).not.toBe('none')
      expect(await count()).toBe(before)
      expect(await failure(db.transaction([insert, sql.assert(sql`EXISTS(SELECT 1 WHERE 0)`)]))).toBe(
        'ASSERTION_FAILED',
      )
      expect(await count()).toBe(before)
      const { results } = await db.transaction([
        insert,
        sql.assert(sql`EXISTS(SELECT 1)`),
        ['UPDATE users SET name = name'],
      ])
      expect(results[0]?.rowsAffected).toBe(1)
      expect(await count()).toBe(Number(before) + 1)
    })

    test('a constraint that fails has its SQLite code, and a broken statement is a 400', async () => {
      const insert = 'INSERT INTO users (name, email) VALUES (?, ?)'
      expect(await failure(db.execute(insert, ['Alice', 'alice@example.com']))).toMatch(/^SQLITE_CONSTRAINT/)
      const error = await db.execute('INSRT INTO users').catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ status: 400, retryable: false })
    })

    test.each([
      ['a write as a query', (to: Database) => to.query('DELETE FROM users')],
      ['ATTACH', (to: Database) => to.execute("ATTACH DATABASE '/tmp/x' AS x")],
      ['BEGIN', (to: Database) => to.execute('BEGIN')],
      ['two statements', (to: Database) => to.execute('SELECT 1; DROP TABLE users')],
    ])('%s is refused, and nothing changes', async (_name, act) => {
      const error = await act(db).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ name: 'DbClusterError', status: 400 })
      expect((await db.query('SELECT 1 FROM users')).rows.length).toBeGreaterThan(0)
    })

    test('tables go, and one that is gone is a 404', async () => {
      await db.createTable('CREATE TABLE old (id INTEGER)')
      expect(await db.dropTable('old')).toMatchObject({ rowsAffected: 0 })
      expect(await failure(db.dropTable('old'))).toBe('TABLE_NOT_FOUND')
    })

    test('the schema names tables and columns', async () => {
      const { tables } = await db.schema()
      expect(tables.find((table) => table.name === 'users')).toMatchObject({
        columns: ['id', 'name', 'email'],
        type: 'table',
      })
    })

    test('status and network tell who is there', async () => {
      const status = await db.status()
      expect(status).toMatchObject({ database, status: 'active' })
      expect(status.replicas.length).toBe(status.replication_factor)
      const { nodes } = await client.network.status()
      expect(nodes.map((node) => node.peer_id)).toEqual(
        expect.arrayContaining(status.replicas.map((replica) => replica.peer_id)),
      )
    })

    test('many at once', async () => {
      await db.createTable('CREATE TABLE many (n INTEGER PRIMARY KEY)')
      await Promise.all(Array.from({ length: 50 }, (_, n) => db.execute('INSERT INTO many VALUES (?)', [n])))
      expect((await db.query('SELECT count(*) AS n, sum(n) AS s FROM many')).rows).toEqual([{ n: 50, s: 1225 }])
    })

    test('an aborted call ends with CANCELLED', async () => {
      const leaving = new AbortController()
      const call = failure(db.query('SELECT 1', [], { signal: leaving.signal }))
      leaving.abort()
      expect(await call).toBe('CANCELLED')
    })

    test('a deleted database is gone', async () => {
      const other = freshName()
      const doomed = await client.database(other)
      await client.databases.delete(other)
      expect(await client.databases.list()).not.toContain(other)
      expect(await failure(doomed.status())).toBe('DATABASE_NOT_FOUND')
      expect(await failure(client.databases.delete(other))).toBe('DATABASE_NOT_FOUND')
    }, 60_000)
  })
