import type { TestCluster } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { errorOf } from '../support/errors.js'

const SCHEMA = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE)'

interface Replica {
  readonly peer_id: string
  readonly leader: boolean
  readonly last_query: string | null
}

/** The table of endpoints, word for word: the tests of this suite follow one another. */
export const describeEndpoints = (of: () => TestCluster): void =>
  describe('the HTTP API, word for word', () => {
    const post = async (endpoint: string, body: unknown): Promise<[number, string]> => {
      const { status, text } = await of().http.post(endpoint, body)
      return [status, text]
    }

    test('create-table creates the database on first access', async () => {
      expect(await post('create-table', { database: 'users', schema: SCHEMA })).toEqual([200, '{"rows_affected":0}'])
    })

    test('exec', async () => {
      const body = {
        database: 'users',
        sql: 'INSERT INTO users (name, email) VALUES (?, ?)',
        args: ['Alice', 'alice@example.com'],
      }
      expect(await post('exec', body)).toEqual([200, '{"rows_affected":1,"last_insert_id":1}'])
    })

    test('query', async () => {
      const body = { database: 'users', sql: 'SELECT * FROM users WHERE name LIKE ?', args: ['A%'] }
      expect(await post('query', body)).toEqual([
        200,
        '{"items":[{"id":1,"name":"Alice","email":"alice@example.com"}],"count":1,' +
          '"columns":["id","name","email"],"rows":[[1,"Alice","alice@example.com"]]}',
      ])
      expect(await post('query', { database: 'users', sql: 'SELECT id FROM users WHERE 0' })).toEqual([
        200,
        '{"items":[],"count":0,"columns":["id"],"rows":[]}',
      ])
    })

    test('transaction: all', async () => {
      const queries = [
        "INSERT INTO users (name) VALUES ('Bob')",
        { sql: 'UPDATE users SET email = ? WHERE name = ?', args: ['bob@example.com', 'Bob'] },
      ]
      expect(await post('transaction', { database: 'users', queries })).toEqual([
        200,
        '{"success":true,"results":[{"rows_affected":1,"last_insert_id":2},{"rows_affected":1,"last_insert_id":0}]}',
      ])
    })

    test('transaction: or nothing', async () => {
      const queries = ["INSERT INTO users (name) VALUES ('Eve')", 'INSERT INTO users (name) VALUES (NULL)']
      const answer = await of().http.post('transaction', { database: 'users', queries })
      expect(answer.status).toBe(400)
      expect(answer.body).toEqual({
        error: {
          code: 'SQLITE_CONSTRAINT_NOTNULL',
          message: 'NOT NULL constraint failed: users.name',
          request_id: expect.stringMatching(/^[\w-]{8,}$/),
          statement_index: 1,
        },
      })
      expect(await post('query', { database: 'users', sql: 'SELECT count(*) AS n FROM users' })).toEqual([
        200,
        '{"items":[{"n":2}],"count":1,"columns":["n"],"rows":[[2]]}',
      ])
    })

    test('an assertion that does not hold rolls its transaction back', async () => {
      const queries = ['DELETE FROM users', { sql: 'SELECT EXISTS(SELECT 1 FROM users WHERE id = 1)', assert: true }]
      const answer = await of().http.post('transaction', { database: 'users', queries })
      expect([answer.status, errorOf(answer)]).toMatchObject([409, { code: 'ASSERTION_FAILED', statement_index: 1 }])
      expect(await post('query', { database: 'users', sql: 'SELECT count(*) AS n FROM users' })).toMatchObject([
        200,
        expect.stringContaining('[[2]]'),
      ])
    })

    test('schema, by GET and by POST', async () => {
      const expected = `{"tables":[{"name":"users","columns":["id","name","email"],"sql":"${SCHEMA}","type":"table"}]}`
      const byGet = await of().http.get('schema?database=users')
      expect([byGet.status, byGet.text]).toEqual([200, expected])
      expect(await post('schema', { database: 'users' })).toEqual([200, expected])
    })

    test('drop-table, and once more', async () => {
      await post('create-table', { database: 'users', schema: 'CREATE TABLE old_table (a)' })
      const drop = { database: 'users', table_name: 'old_table' }
      expect(await post('drop-table', drop)).toEqual([200, '{"rows_affected":0}'])
      const again = await of().http.post('drop-table', drop)
      expect(again.status).toBe(404)
      expect(again.body).toEqual({
        error: {
          code: 'TABLE_NOT_FOUND',
          message: 'there is no table "old_table" to drop',
          hint: 'GET /v1/database/schema lists the tables',
          request_id: expect.any(String),
        },
      })
    })

    test("list: this app's, without the prefix", async () => {
      const { status, text } = await of().http.get('list')
      expect([status, text]).toEqual([200, '{"databases":["users"]}'])
      const other = await of().http.request('/v1/database/list', { key: of().keys.other ?? '' })
      expect([other.status, other.text]).toEqual([200, '{"databases":[]}'])
    })

    test('batch: one bad statement fails alone, in its place', async () => {
      const queries = [
        'INSERT INTO users (name) VALUES (NULL)',
        'SELECT * FROM nowhere',
        'SELECT 1 AS one',
        "INSERT INTO users (name) VALUES ('Carol')",
      ]
      const { status, body } = await of().http.post('batch', { database: 'users', queries })
      expect(status).toBe(200)
      expect(body).toMatchObject({
        results: [
          { error: { code: 'SQLITE_CONSTRAINT_NOTNULL', statement_index: 0 } },
          { error: { code: 'SQL_ERROR', message: 'no such table: nowhere', statement_index: 1 } },
          { rows_affected: 0, last_insert_id: 0, items: [{ one: 1 }], columns: ['one'], rows: [[1]] },
          { rows_affected: 1, last_insert_id: 3 },
        ],
      })
    })

    test('batch: arguments that fit no statement refuse all of it before anything is done', async () => {
      const queries = [
        "INSERT INTO users (name) VALUES ('Dora')",
        { sql: 'INSERT INTO users (name) VALUES (?)', args: [] },
      ]
      const { status, body } = await of().http.post('batch', { database: 'users', queries })
      expect(status).toBe(400)
      expect(body).toMatchObject({ error: { code: 'INVALID_VALUE', statement_index: 1 } })
      const dora = await of().http.post('query', { database: 'users', sql: "SELECT 1 FROM users WHERE name = 'Dora'" })
      expect(dora.body).toMatchObject({ count: 0 })
    })

    test('status', async () => {
      const { status, body } = await of().http.get('status?database=users')
      expect(status).toBe(200)
      const { replicas } = body as { readonly replicas: readonly Replica[] }
      expect(body).toEqual({
        database: 'users',
        status: 'active',
        cluster_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        replication_factor: 3,
        replicas: replicas.map(({ peer_id, leader, last_query }) => ({
          peer_id,
          status: 'active',
          http_port: expect.any(Number),
          raft_port: expect.any(Number),
          leader,
          last_query,
        })),
        rqlite_version: expect.stringMatching(/^\d/),
      })
      const peerIds = of().nodes.map((node) => node.peerId)
      expect(replicas.map(({ peer_id }) => peer_id).sort()).toEqual(peerIds.sort())
      expect(replicas.filter(({ leader }) => leader)).toHaveLength(1)
      // Known of the replica of the node that was asked; the others' is null.
      for (const { last_query } of replicas) expect(last_query ?? '2026-').toMatch(/^20\d\d-/)
    })

    test('network status', async () => {
      const { status, body } = await of().http.request('/v1/network/status')
      expect(status).toBe(200)
      const peerIds = of()
        .nodes.map((node) => node.peerId)
        .sort()
      const { nodes } = body as { readonly nodes: readonly { readonly peer_id: string }[] }
      expect([...nodes].sort((a, b) => (a.peer_id < b.peer_id ? -1 : 1))).toEqual(
        peerIds.map((peer_id) => ({
          peer_id,
          health: 'healthy',
          last_seen: expect.stringMatching(/^20\d\d-.*Z$/),
          databases: expect.any(Number),
          max_databases: 40,
          rqlite_version: expect.stringMatching(/^\d/),
        })),
      )
    })

    test('health, readiness, metrics, description and documents need no credential', async () => {
      const paths = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']
      const answers = await Promise.all(paths.map((path) => of().http.request(path, { key: null })))
      expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200))
    })

    test('reading, status and deletion of a database that is not there create none', async () => {
      const drop = { database: 'nowhere', table_name: 't' }
      for (const answer of [
        await of().http.get('status?database=nowhere'),
        await of().http.post('drop-table', drop),
        await of().http.request('/v1/database/nowhere', { method: 'DELETE' }),
      ]) {
        expect([answer.status, errorOf(answer).code]).toEqual([404, 'DATABASE_NOT_FOUND'])
      }
      expect((await of().http.get('list')).text).toBe('{"databases":["users"]}')
    })
  })
