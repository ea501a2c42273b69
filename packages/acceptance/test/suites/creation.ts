import type { TestCluster } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { membersOf, replicasOf } from '../support/rqlite-view.js'

const CLIENTS = 30
/** Thirty processes start on a machine that may have two cores. */
const PATIENCE = { timeoutMs: 30_000 } as const

/** One name, one cluster. */
export const describeCreation = (of: () => TestCluster): void =>
  describe('creation', () => {
    test('30 clients that create the same database at once through different nodes get one cluster', async () => {
      const cluster = of()
      const database = 'rush'
      const opened = await Promise.all(
        Array.from({ length: CLIENTS }, (_, at) => cluster.ask(at % 3, { op: 'open', database }, PATIENCE)),
      )
      expect(new Set(opened.map(({ clusterId }) => clusterId)).size).toBe(1)
      const schema = 'CREATE TABLE IF NOT EXISTS rows (client INTEGER PRIMARY KEY)'
      await Promise.all(
        Array.from({ length: CLIENTS }, async (_, at) => {
          await cluster.ask(at % 3, { op: 'execute', database, statement: { sql: schema } })
          const statement = { sql: 'INSERT INTO rows VALUES (?)', args: [at] }
          const { rowsAffected } = await cluster.ask((at + 1) % 3, { op: 'execute', database, statement })
          expect(rowsAffected).toBe(1)
        }),
      )
      const statement = { sql: 'SELECT count(*), count(DISTINCT client) FROM rows' }
      for (const node of [0, 1, 2]) {
        const { rows } = await cluster.ask(node, { op: 'query', database, statement, consistency: 'strong' })
        expect(rows).toEqual([[CLIENTS, CLIENTS]])
        const { cluster_id } = await cluster.ask(node, { op: 'status', database })
        expect(cluster_id).toBe(opened[0]?.clusterId)
      }
      const replicas = replicasOf(cluster, database)
      expect(replicas.map(({ node }) => node)).toEqual([0, 1, 2])
      const views = await Promise.all(replicas.map(membersOf))
      for (const view of views) {
        expect(view.map(({ voter }) => voter)).toEqual([true, true, true])
        expect(view.filter(({ leader }) => leader)).toHaveLength(1)
        expect(view.map(({ id }) => id)).toEqual(views[0]?.map(({ id }) => id))
      }
    })

    test('10 different databases at once all work', async () => {
      const cluster = of()
      const names = Array.from({ length: 10 }, (_, at) => `ten-${at}`)
      const opened = await Promise.all(
        names.map((database, at) => {
          const open = () => cluster.ask(at % 3, { op: 'open', database }, PATIENCE)
          // What a slow machine did not finish in one request's time goes on with the next.
          return open().catch(open)
        }),
      )
      expect(new Set(opened.map(({ clusterId }) => clusterId)).size).toBe(names.length)
      const counts = await Promise.all(
        names.map(async (database, at) => {
          await cluster.http.post('create-table', { database, schema: 'CREATE TABLE t (a)' })
          await cluster.http.post('exec', { database, sql: 'INSERT INTO t VALUES (?)', args: [at] })
          return (await cluster.http.post('query', { database, sql: 'SELECT a FROM t' })).text
        }),
      )
      expect(counts).toEqual(names.map((_, at) => `{"items":[{"a":${at}}],"count":1,"columns":["a"],"rows":[[${at}]]}`))
      for (const database of names) expect(replicasOf(cluster, database)).toHaveLength(3)
      // Room for what comes after; in itself a test of many deletions at once.
      const deleted = await Promise.all(
        names.map((name) => cluster.http.request(`/v1/database/${name}`, { method: 'DELETE' })),
      )
      expect(deleted.map(({ text }) => text)).toEqual(names.map(() => '{"deleted":true}'))
    }, 120_000)
  })
