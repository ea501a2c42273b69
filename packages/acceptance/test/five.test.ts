import { eventually, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { allActive, hibernate } from './support/asleep.js'
import { killAll, leaderOf, nodeAt, REPLACED_LIMIT_MS } from './support/placement.js'
import { makeRowsSoon, rowsAt, writeSoon } from './support/rows.js'
import { membersOf, replicasOf } from './support/rqlite-view.js'

let cluster: TestCluster
beforeAll(async () => {
  const sets = ['database.hibernation_timeout=0', 'database.replication_factor=5']
  cluster = await startTestCluster({ nodes: 5, gateway: false, sets })
}, 180_000)
afterAll(() => cluster?.stop(), 30_000)

describe('a database with five replicas', () => {
  test('is made, sleeps, wakes with all of them, and survives the loss of two', async () => {
    const database = 'five'
    await makeRowsSoon(cluster, database, [1])
    await allActive(cluster, 0, database)
    await hibernate(cluster, 0, database)
    expect(await rowsAt(cluster, 4, database, 'strong')).toEqual([1])
    await allActive(cluster, 0, database)
    const [one] = replicasOf(cluster, database)
    const members = one === undefined ? [] : await membersOf(one)
    expect(members.map(({ voter }) => voter)).toEqual([true, true, true, true, true])

    const leader = await leaderOf(cluster, 0, database)
    const [second = 0, witness = 0] = [0, 1, 2, 3, 4].filter((node) => node !== leader)
    await Promise.all([leader, second].map((node) => killAll(nodeAt(cluster, node))))
    await writeSoon(cluster, witness, database, 2)
    expect(await rowsAt(cluster, witness, database, 'strong')).toEqual([1, 2])
    await Promise.all([leader, second].map((node) => nodeAt(cluster, node).start()))
    await eventually(
      'those that are back have every row themselves',
      async () => (await rowsAt(cluster, leader, database, 'none')).length === 2,
      { limitMs: REPLACED_LIMIT_MS },
    )
  }, 300_000)
})
