import type { TestCluster } from '@dbcluster/testkit'
import { beforeAll, describe, expect, test } from '@jest/globals'

const DATABASE = 'counts'

/** `rows_affected` and `last_insert_id`; the tests of this suite follow one another. */
export const describeCounts = (of: () => TestCluster): void =>
  describe('counts', () => {
    const exec = async (sql: string, args: readonly unknown[] = []): Promise<unknown> =>
      (await of().http.post('exec', { database: DATABASE, sql, args })).body
    beforeAll(async () => {
      await exec('CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, n INTEGER)')
    }, 30_000)

    test.each([
      ['an INSERT tells its row', "INSERT INTO t VALUES (10, 'a', 1)", 1, 10],
      ['an UPDATE inserts nothing', 'UPDATE t SET n = 2', 1, 0],
      ['several rows: the last one', "INSERT INTO t (k, n) VALUES ('b', 1), ('c', 1), ('d', 1)", 3, 13],
      ['INSERT from SELECT', "INSERT INTO t (k, n) SELECT 'e', 5", 1, 14],
      ['an INSERT that was ignored', "INSERT OR IGNORE INTO t (k) VALUES ('a')", 0, 0],
      ['a DELETE of nothing', 'DELETE FROM t WHERE id = 999', 0, 0],
      ['an upsert that updated', "INSERT INTO t (k) VALUES ('a') ON CONFLICT (k) DO UPDATE SET n = 9", 1, 0],
      ['an upsert that inserted', "INSERT INTO t (k) VALUES ('f') ON CONFLICT (k) DO UPDATE SET n = 9", 1, 15],
      ['a DELETE', "DELETE FROM t WHERE k IN ('b', 'c')", 2, 0],
      ['DDL', 'CREATE INDEX t_n ON t (n)', 0, 0],
      ['DDL after rows', 'CREATE TABLE other (a)', 0, 0],
      ['REPLACE', "REPLACE INTO t (id, k) VALUES (10, 'a')", 1, 10],
      ['WITH and INSERT', "WITH one(k) AS (VALUES ('g')) INSERT INTO t (k) SELECT k FROM one", 1, 16],
    ])('%s', async (_what, sql, rows_affected, last_insert_id) => {
      expect(await exec(sql)).toEqual({ rows_affected, last_insert_id })
    })

    test('RETURNING brings rows, and counts too', async () => {
      expect(await exec("INSERT INTO t (k, n) VALUES ('h', 1), ('i', 2) RETURNING id, k")).toEqual({
        rows_affected: 2,
        last_insert_id: 18,
        items: [
          { id: 17, k: 'h' },
          { id: 18, k: 'i' },
        ],
        columns: ['id', 'k'],
        rows: [
          [17, 'h'],
          [18, 'i'],
        ],
      })
      expect(await exec("UPDATE t SET n = 0 WHERE k = 'h' RETURNING n")).toEqual({
        rows_affected: 1,
        last_insert_id: 0,
        items: [{ n: 0 }],
        columns: ['n'],
        rows: [[0]],
      })
      expect(await exec("DELETE FROM t WHERE k = 'nobody' RETURNING k")).toMatchObject({ rows_affected: 0, items: [] })
    })

    test('statements of a transaction have counts of their own, also behind an upsert with RETURNING', async () => {
      const queries = [
        "INSERT INTO t (k) VALUES ('h') ON CONFLICT (k) DO UPDATE SET n = 4 RETURNING n",
        "INSERT INTO t (k) VALUES ('j')",
        'SELECT count(*) AS n FROM t',
        "DELETE FROM t WHERE k = 'j'",
      ]
      expect((await of().http.post('transaction', { database: DATABASE, queries })).body).toEqual({
        success: true,
        results: [
          { rows_affected: 1, last_insert_id: 0, items: [{ n: 4 }], columns: ['n'], rows: [[4]] },
          { rows_affected: 1, last_insert_id: 19 },
          { rows_affected: 0, last_insert_id: 0, items: [{ n: 8 }], columns: ['n'], rows: [[8]] },
          { rows_affected: 1, last_insert_id: 0 },
        ],
      })
    })

    test('a failure behind an upsert is told by its own index', async () => {
      const queries = [
        "INSERT INTO t (k) VALUES ('h') ON CONFLICT (k) DO UPDATE SET n = 4 RETURNING n",
        "INSERT INTO t (k) VALUES ('h')",
      ]
      expect((await of().http.post('transaction', { database: DATABASE, queries })).body).toMatchObject({
        error: { code: 'SQLITE_CONSTRAINT_UNIQUE', statement_index: 1 },
      })
    })

    test('an id beyond 2^53 is exact', async () => {
      const { text } = await of().http.post('exec', {
        database: DATABASE,
        sql: 'INSERT INTO t (id) VALUES (?)',
        args: [{ $int: '9223372036854775806' }],
      })
      expect(text).toBe('{"rows_affected":1,"last_insert_id":9223372036854775806}')
    })

    test.each(['none', 'weak', 'linearizable', 'strong'])('a read at %s', async (consistency) => {
      const sql = 'SELECT count(*) AS n FROM t'
      const { body, headers } = await of().http.request('/v1/database/query', {
        method: 'POST',
        json: { database: DATABASE, sql, consistency },
        headers: { accept: 'application/vnd.dbcluster+json' },
      })
      const meta = (body as { readonly meta: { readonly consistency: string } }).meta
      // An older rqlited has no linearizable reads: then the next stronger level, never a weaker one.
      expect(consistency === 'linearizable' ? ['linearizable', 'strong'] : [consistency]).toContain(meta.consistency)
      expect(of().nodes.map((node) => node.peerId)).toContain(headers.get('x-served-by'))
      if (consistency !== 'none') expect(body).toMatchObject({ columns: ['n'], rows: [[8]] })
    })
  })
