import { startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { errorOf } from './support/errors.js'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ nodes: 1 })
}, 60_000)
afterAll(() => cluster?.stop(), 30_000)

test('one node alone says which nodes answered, how many are needed, and what to do', async () => {
  const answer = await cluster.http.post('exec', { database: 'users', sql: 'CREATE TABLE t (a)' })
  expect([answer.status, errorOf(answer).code]).toEqual([503, 'INSUFFICIENT_NODES'])
  const { message, hint, details } = errorOf(answer)
  expect(message).toContain('insufficient nodes responded: got 1, need 3')
  expect(message).toContain('the network has 1 node')
  expect(hint).toMatch(/start more nodes.*database\.replication_factor/)
  expect(details).toMatchObject({ got: 1, need: 3, offered: [cluster.nodes[0]?.peerId] })
  expect((await cluster.http.get('list')).text).toBe('{"databases":[]}')
  expect(cluster.rqliteds()).toEqual([])
})
