import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { eventually, isAlive, processesIn, startTestCluster, type TestCluster } from '../src/index.js'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({
    sets: ['database.max_databases=30'],
    keys: { reader: { app: 'reader', scope: 'read' } },
  })
}, 60_000)
afterAll(() => cluster?.stop(), 30_000)

/** The tests follow one another. */
describe('a test cluster', () => {
  test('is real processes that answer over both ways', async () => {
    const { body } = await cluster.http.request('/v1/network/status')
    expect(body).toMatchObject({ nodes: [{ max_databases: 30 }, { max_databases: 30 }, { max_databases: 30 }] })
    const database = await cluster.client(1).database('users')
    await database.createTable('CREATE TABLE t (a)')
    const insert = { database: 'users', sql: 'INSERT INTO t VALUES (1)' }
    expect((await cluster.http.post('exec', insert)).text).toBe('{"rows_affected":1,"last_insert_id":1}')
    expect((await cluster.httpClient().databases.list()).length).toBe(1)
    expect((await cluster.ask(2, { op: 'list' })).databases).toEqual(['users'])
    const list = { key: cluster.keys.reader ?? '' }
    expect((await cluster.http.request('/v1/database/list', list)).text).toBe('{"databases":[]}')
  })

  test('knows its rqlited processes', () => {
    const found = cluster.rqliteds()
    expect(found.map(({ node, database }) => `${node} ${database}`)).toEqual(
      [0, 1, 2].map((node) => `${node} demo_users`),
    )
    expect(found.every(isAlive)).toBe(true)
  })

  test('a node is killed, which its rqlited survives, and starts again as itself', async () => {
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('no node')
    const { pid, peerId } = node
    const [rqlited] = node.rqliteds()
    if (rqlited === undefined) throw new Error('no rqlited')
    await node.kill('SIGKILL')
    expect([node.running, isAlive(rqlited)]).toEqual([false, true])
    await node.start()
    await cluster.settled()
    expect(node.peerId).toBe(peerId)
    expect(node.pid).not.toBe(pid)
  })

  test('stop leaves nothing behind, the rqlited of a killed node included', async () => {
    await cluster.nodes[1]?.kill('SIGKILL')
    const processes = processesIn(cluster.directory)
    expect(processes.length).toBeGreaterThanOrEqual(6)
    await cluster.stop()
    expect(processes.filter(isAlive)).toEqual([])
    expect(existsSync(cluster.directory)).toBe(false)
    await cluster.stop()
  })

  test('a start that fails says why, and leaves nothing behind', async () => {
    const started = startTestCluster({ nodes: 1, gateway: false, sets: ['database.max_databasez=1'] })
    await expect(started).rejects.toThrow(/max_databasez/)
  })

  test('eventually tells what it waited for, and why in vain', async () => {
    const look = (): boolean => {
      throw new Error('the reason')
    }
    await expect(eventually('a wonder', look, { limitMs: 50 })).rejects.toThrow('a wonder; at last: the reason')
  })
})
