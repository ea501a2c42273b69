import { eventually, type TestCluster } from '@dbcluster/testkit'
import { replicasOf } from './rqlite-view.js'

const LIMIT_MS = 60_000

/** Sends a database to sleep, once that works: one of its replicas may have been woken a moment ago. */
export const hibernate = async (cluster: TestCluster, node: number, database: string): Promise<void> => {
  await eventually(
    `${database} is sent to sleep`,
    async () => (await cluster.ask(node, { op: 'hibernate', database })).status === 'hibernating',
    { limitMs: LIMIT_MS, everyMs: 100 },
  )
  if (replicasOf(cluster, database).length > 0) throw new Error(`${database} sleeps, and has processes`)
}

/** Resolves when all replicas of a database serve. */
export const allActive = (cluster: TestCluster, node: number, database: string): Promise<unknown> =>
  eventually(
    `all replicas of ${database} are active`,
    async () => {
      const { replicas } = await cluster.ask(node, { op: 'status', database })
      return replicas.every(({ status }) => status === 'active')
    },
    { limitMs: LIMIT_MS },
  )
