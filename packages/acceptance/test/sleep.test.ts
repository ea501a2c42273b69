import { eventually, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeRows, rowsAt } from './support/rows.js'
import { replicasOf } from './support/rqlite-view.js'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ sets: ['database.hibernation_timeout=1500ms'] })
}, 60_000)
afterAll(() => cluster?.stop(), 30_000)

const asleep = (database: string): Promise<unknown> =>
  eventually(
    `${database} sleeps`,
    async () => {
      const { status } = await cluster.ask(0, { op: 'status', database })
      return status === 'hibernating' && replicasOf(cluster, database).length === 0
    },
    { limitMs: 20_000 },
  )

/** A busy machine may need more than one try to make it. */
const made = (database: string, rows: readonly number[]): Promise<unknown> =>
  eventually(
    `${database} is made`,
    async () => {
      await makeRows(cluster, database, rows)
      return true
    },
    { limitMs: 40_000 },
  )

describe('a database that nobody uses', () => {
  test('sleeps after its time, with no process left, and wakes with the next query at any node', async () => {
    await made('idle', [1, 2, 3])
    for (const node of [0, 1, 2]) {
      await asleep('idle')
      expect(await rowsAt(cluster, node, 'idle', 'weak')).toEqual([1, 2, 3])
    }
  }, 60_000)
})
