import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestCluster } from '@dbcluster/testkit'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { errorOf } from '../support/errors.js'

const DATABASE = 'fenced'

const REFUSED: readonly (readonly [sql: string, code: string])[] = [
  ["ATTACH DATABASE '$FILE' AS stolen", 'SQL_FORBIDDEN'],
  ["/* hidden */ aTTaCH '$FILE' AS stolen", 'SQL_FORBIDDEN'],
  ["-- hidden\nATTACH '$FILE' AS stolen", 'SQL_FORBIDDEN'],
  ["EXPLAIN ATTACH '$FILE' AS stolen", 'SQL_FORBIDDEN'],
  ["SELECT 1; ATTACH '$FILE' AS stolen", 'SQL_MULTIPLE_STATEMENTS'],
  ['DETACH main', 'SQL_FORBIDDEN'],
  ["VACUUM INTO '$FILE'", 'SQL_FORBIDDEN'],
  ["VACUUM main INTO '$FILE'", 'SQL_FORBIDDEN'],
  ['VACUUM', 'SQL_FORBIDDEN'],
  ['BEGIN', 'TX_INTERACTIVE_UNSUPPORTED'],
  ['BEGIN IMMEDIATE', 'TX_INTERACTIVE_UNSUPPORTED'],
  ['COMMIT', 'TX_INTERACTIVE_UNSUPPORTED'],
  ['END', 'TX_INTERACTIVE_UNSUPPORTED'],
  ['ROLLBACK', 'TX_INTERACTIVE_UNSUPPORTED'],
  ['SAVEPOINT s', 'TX_INTERACTIVE_UNSUPPORTED'],
  ['RELEASE s', 'TX_INTERACTIVE_UNSUPPORTED'],
  ['PRAGMA journal_mode = DELETE', 'SQL_FORBIDDEN'],
  ['PRAGMA foreign_keys = OFF', 'SQL_FORBIDDEN'],
  ['PRAGMA foreign_keys(0)', 'SQL_FORBIDDEN'],
  ['PRAGMA writable_schema = 1', 'SQL_FORBIDDEN'],
  ['PRAGMA user_version = 7', 'SQL_FORBIDDEN'],
  ['PRAGMA wal_checkpoint', 'SQL_FORBIDDEN'],
  ["SELECT load_extension('$FILE')", 'SQL_FORBIDDEN'],
  ["SELECT readfile('$FILE')", 'SQL_FORBIDDEN'],
  ["SELECT writefile('$FILE', 'x')", 'SQL_FORBIDDEN'],
  ['CREATE TEMP TABLE t (a)', 'SQL_FORBIDDEN'],
]

/** A tenant stays inside its database, and its statements leave nothing behind on a connection. */
export const describeForbiddenSql = (of: () => TestCluster): void =>
  describe('what a tenant may not say', () => {
    const file = (): string => join(of().directory, 'stolen.db')
    const spell = (sql: string): string => sql.replaceAll('$FILE', file())
    const ask = (endpoint: string, sql: string): ReturnType<TestCluster['http']['post']> =>
      of().http.post(
        endpoint,
        endpoint === 'transaction' || endpoint === 'batch'
          ? { database: DATABASE, queries: ['INSERT INTO kept VALUES (2)', sql] }
          : { database: DATABASE, sql },
      )
    beforeAll(async () => {
      await of().http.post('create-table', { database: DATABASE, schema: 'CREATE TABLE kept (a)' })
      await of().http.post('exec', { database: DATABASE, sql: 'INSERT INTO kept VALUES (1)' })
    }, 30_000)

    test.each(REFUSED)('%s', async (sql, code) => {
      for (const endpoint of ['exec', 'query', 'transaction', 'batch']) {
        const answer = await ask(endpoint, spell(sql))
        expect([endpoint, answer.status, errorOf(answer).code]).toEqual([endpoint, 400, code])
        expect(errorOf(answer).hint).toMatch(/./)
      }
    })

    test('nothing of it happened', async () => {
      expect(existsSync(file())).toBe(false)
      const rows = await of().http.post('query', {
        database: DATABASE,
        sql: 'SELECT a FROM kept',
        consistency: 'strong',
      })
      expect(rows.body).toMatchObject({ rows: [[1]] })
      const version = await of().http.post('query', { database: DATABASE, sql: 'PRAGMA user_version' })
      expect(version.body).toMatchObject({ rows: [[0]] })
      expect((await of().http.post('exec', { database: DATABASE, sql: 'INSERT INTO kept VALUES (3)' })).status).toBe(
        200,
      )
    })

    test('create-table takes CREATE TABLE alone', async () => {
      for (const schema of [
        'DROP TABLE kept',
        'SELECT 1',
        'CREATE INDEX i ON kept (a)',
        spell("ATTACH '$FILE' AS x"),
      ]) {
        const answer = await of().http.post('create-table', { database: DATABASE, schema })
        expect([schema, answer.status]).toEqual([schema, 400])
      }
    })

    test('drop-table takes a name, whatever is in it', async () => {
      for (const table_name of ['kept; DROP TABLE kept', 'kept" --', 'sqlite_schema']) {
        const answer = await of().http.post('drop-table', { database: DATABASE, table_name })
        expect([400, 404]).toContain(answer.status)
      }
      expect((await of().http.get(`schema?database=${DATABASE}`)).text).toContain('"kept"')
    })
  })
