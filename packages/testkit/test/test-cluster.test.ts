import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { eventually, processesIn, startTestCluster, type TestCluster } from '../src/index.js'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ sets: ['database.max_databases=30'] })
}, 60_000)
afterAll(() => cluster?.stop())

describe('a test cluster', () => {
  test('is real processes that answer over both ways', async () => {
    const status = (await cluster.http.request('/v1/network/status')).body as { nodes: { max_databases: number }[] }
    expect(status.nodes.map((node) => node.max_databases)).toEqual([30, 30, 30])
    const database = await cluster.client(1).database('users')
    await database.createTable('CREATE TABLE t (a)')
    expect((await cluster.http.post('exec', { database: 'users', sql: 'INSERT INTO t VALUES (1)' })).text).toBe(
      '{"rows_affected":1,"last_insert_id":1}',
    )
    expect(cluster.rqliteds().map(({ node, database }) => `${node} ${database}`)).toEqual([
      '0 demo_users',
      '1 demo_users',
      '2 demo_users',
    ])
  })
})
