import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, isAlive, signalProcess, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { errorOf, failure } from './support/errors.js'
import { makeRows, rowsAt, writeSoon } from './support/rows.js'
import { localValue, membersOf, replicasOf } from './support/rqlite-view.js'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
}, 60_000)
afterAll(() => cluster?.stop(), 30_000)

/** Each test begins with three nodes that know each other. */
afterEach(async () => {
  await Promise.all(cluster.nodes.filter((node) => !node.running).map((node) => node.start()))
  await cluster.settled()
}, 60_000)

/** The node whose replica leads, as Raft has it. */
const leaderOf = (database: string): Promise<number> =>
  eventually(`${database} has a leader`, async () => {
    const { replicas } = await cluster.ask(0, { op: 'status', database })
    const leader = replicas.find((replica) => replica.leader)?.peer_id
    const at = cluster.nodes.findIndex((node) => node.peerId === leader)
    return at < 0 ? undefined : { at }
  }).then(({ at }) => at)

describe('two of three nodes', () => {
  test('a creation is refused, everything else goes on, and the third catches up', async () => {
    await makeRows(cluster, 'kept', [1, 2, 3])
    await makeRows(cluster, 'doomed', [1])
    const absent = cluster.nodes[2]
    if (absent === undefined) throw new Error('no third node')
    await absent.kill('SIGTERM')
    expect(absent.exit).toEqual({ code: 0, signal: null })
    expect(absent.rqliteds()).toEqual([])

    const refused = await cluster.http.post('exec', { database: 'toomany', sql: 'CREATE TABLE t (a)' })
    expect([refused.status, errorOf(refused).code]).toEqual([503, 'INSUFFICIENT_NODES'])
    expect(errorOf(refused).message).toContain('insufficient nodes responded: got 2, need 3')
    expect(errorOf(refused).message).toContain(absent.peerId)
    expect(errorOf(refused).hint).toMatch(/bring back|start more nodes/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await cluster.http.get('list')).body).toEqual({ databases: ['doomed', 'kept'] })

    for (const node of [0, 1]) {
      await writeSoon(cluster, node, 'kept', 10 + node)
      for (const level of ['weak', 'linearizable', 'strong'] as const) {
        expect(await rowsAt(cluster, node, 'kept', level)).toEqual([1, 2, 3, 10, 11].slice(0, 4 + node))
      }
    }
    await cluster.ask(0, { op: 'delete', database: 'doomed' })
    const again = await failure(cluster.ask(1, { op: 'open', database: 'doomed' }))
    expect(again).toBe('INSUFFICIENT_NODES')

    await absent.start()
    await cluster.settled()
    await eventually('the third node has every row itself', async () => {
      const rows = await rowsAt(cluster, 2, 'kept', 'none')
      return rows.length === 5
    })
    await eventually('its copy of the deleted database is set aside', () => {
      const quarantine = join(absent.dataDir, 'quarantine')
      const kept = existsSync(quarantine) && readdirSync(quarantine).some((name) => name.startsWith('demo_doomed.'))
      return kept && !existsSync(join(absent.dataDir, 'demo_doomed'))
    })
    expect(replicasOf(cluster, 'doomed')).toEqual([])
    const created = await cluster.http.post('exec', { database: 'toomany', sql: 'CREATE TABLE t (a)' })
    expect(created.status).toBe(200)
  })
})

describe('deletion', () => {
  test('a database is gone on all nodes, and comes back empty as another cluster', async () => {
    await makeRows(cluster, 'shortlived', [1, 2])
    const before = await cluster.ask(0, { op: 'status', database: 'shortlived' })
    const processes = replicasOf(cluster, 'shortlived')
    expect(processes).toHaveLength(3)
    const answer = await cluster.http.request('/v1/database/shortlived', { method: 'DELETE' })
    expect([answer.status, answer.text]).toEqual([200, '{"deleted":true}'])
    await eventually('its processes and directories are gone', () => {
      const directories = cluster.nodes.filter((node) => existsSync(join(node.dataDir, 'demo_shortlived')))
      return processes.every((one) => !isAlive(one)) && directories.length === 0
    })
    for (const node of [0, 1, 2]) {
      await eventually(`node ${node} knows`, async () => {
        const code = await failure(cluster.ask(node, { op: 'status', database: 'shortlived' }))
        const { databases } = await cluster.ask(node, { op: 'list' })
        return code === 'DATABASE_NOT_FOUND' && !databases.includes('shortlived')
      })
    }
    const { tables } = await cluster.ask(2, { op: 'schema', database: 'shortlived' })
    expect(tables).toEqual([])
    const after = await cluster.ask(1, { op: 'status', database: 'shortlived' })
    expect(after.cluster_id).not.toBe(before.cluster_id)
  })
})

describe('SIGKILL of a node process', () => {
  test.each(['a follower', 'the leader'])(
    'that holds %s: its rqlited processes go on serving, and it adopts them when it is back',
    async (which) => {
      const database = which === 'the leader' ? 'adopted-leader' : 'adopted-follower'
      await makeRows(cluster, database, [1])
      const leader = await leaderOf(database)
      const victim = cluster.nodes[which === 'the leader' ? leader : (leader + 1) % 3]
      if (victim === undefined) throw new Error('no victim')
      const survivor = (victim.index + 1) % 3
      const processes = victim.rqliteds()
      await victim.kill('SIGKILL')
      expect(processes.every(isAlive)).toBe(true)

      await writeSoon(cluster, survivor, database, 2)
      expect(await rowsAt(cluster, survivor, database)).toEqual([1, 2])
      const own = processes.find((one) => one.database === `demo_${database}`)
      if (own === undefined) throw new Error('no process')
      await eventually('the orphan follows', async () => (await localValue(own, 'SELECT max(n) FROM rows')) === 2)

      await victim.start()
      await cluster.settled()
      await eventually(
        'its replica serves',
        async () => (await rowsAt(cluster, victim.index, database, 'none')).length === 2,
      )
      expect(victim.rqliteds()).toEqual(processes)
      await writeSoon(cluster, victim.index, database, 3)
      expect(await rowsAt(cluster, survivor, database)).toEqual([1, 2, 3])
    },
  )
})

describe("SIGKILL of the leader's rqlited", () => {
  test('writes go on, and it comes back', async () => {
    await makeRows(cluster, 'headless', [1])
    const leader = await leaderOf('headless')
    const victim = replicasOf(cluster, 'headless').find(({ node }) => node === leader)
    if (victim === undefined) throw new Error('no process')
    expect(signalProcess(victim, 'SIGKILL')).toBe(true)
    const tookMs = await writeSoon(cluster, (leader + 1) % 3, 'headless', 2)
    expect(tookMs).toBeLessThan(5_000)
    await writeSoon(cluster, leader, 'headless', 3)
    const back = await eventually('a new process is there', () =>
      replicasOf(cluster, 'headless').find(({ node, pid }) => node === leader && pid !== victim.pid),
    )
    await eventually('it has every row', async () => (await localValue(back, 'SELECT count(*) FROM rows')) === 3)
    const members = await membersOf(back)
    expect(members.map(({ voter }) => voter)).toEqual([true, true, true])
    expect(await rowsAt(cluster, leader, 'headless')).toEqual([1, 2, 3])
  })
})
