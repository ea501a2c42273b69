import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterEach, describe, test } from '@jest/globals'
import { leaderOf, makeUsers, nodeAt, REPLACED_LIMIT_MS, settledOn } from './support/placement.js'
import { rowsAt, writeSoon } from './support/rows.js'

let cluster: TestCluster
afterEach(() => cluster?.stop(), 30_000)

const start = async (nodes: number): Promise<void> => {
  const sets = ['database.hibernation_timeout=0', 'discovery.health_check_interval=3s']
  cluster = await startTestCluster({ nodes, gateway: false, sets })
}

describe('a replica whose directory was emptied', () => {
  test('is never started again: it is removed from its cluster and added anew, and nothing is lost', async () => {
    await start(3)
    await makeUsers(cluster)
    const leader = await leaderOf(cluster, 0, 'users')
    const victim = nodeAt(cluster, (leader + 1) % 3)
    await victim.kill('SIGTERM')
    await writeSoon(cluster, leader, 'users', 1)
    rmSync(join(victim.dataDir, 'demo_users', 'rqlite'), { recursive: true })
    await victim.start()
    const raftIds = async (): Promise<string> =>
      JSON.stringify((await cluster.ask(leader, { op: 'status', database: 'users' })).replicas)
    const before = await raftIds()
    await eventually('it was added anew', async () => (await raftIds()) !== before, { limitMs: REPLACED_LIMIT_MS })
    await settledOn(cluster, 'users', { nodes: [0, 1, 2], ask: leader })
    await eventually(
      'it has every row',
      async () => String(await rowsAt(cluster, victim.index, 'users', 'none')) === '0,1',
      { limitMs: REPLACED_LIMIT_MS },
    )
  }, 600_000)
})
