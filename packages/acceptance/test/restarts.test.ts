import { eventually, signalProcess, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeRows, rowsAt } from './support/rows.js'
import { replicasOf } from './support/rqlite-view.js'
import { startWriters, type Writers } from './support/writers.js'

const DATABASES = ['first', 'second', 'third']

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
  await Promise.all(DATABASES.map((database) => makeRows(cluster, database, [])))
}, 60_000)
afterAll(() => cluster?.stop(), 30_000)

const startAll = async (): Promise<void> => {
  await Promise.all(cluster.nodes.map((node) => node.start()))
  await cluster.settled()
}

/** Writes to every database at once, through all nodes and the gateway. */
const writers = (): Promise<readonly Writers[]> => {
  const clients = [cluster.client(0), cluster.client(1), cluster.client(2), cluster.httpClient()]
  return Promise.all(DATABASES.map((database) => startWriters(clients, database, 2)))
}

/** Every acknowledged row is there, on every replica. */
const expectAll = async (load: readonly Writers[], before: readonly (readonly unknown[])[]): Promise<void> => {
  for (const [at, database] of DATABASES.entries()) {
    const rows = await eventually(`${database} can be read`, async () => rowsAt(cluster, at, database), {
      limitMs: 20_000,
    })
    const missing = [...(load[at]?.acknowledged ?? []), ...(before[at] ?? [])].filter((n) => !rows.includes(n))
    expect({ database, missing }).toEqual({ database, missing: [] })
    for (const node of [0, 1, 2]) {
      await eventually(
        `node ${node} has all of ${database} itself`,
        async () => (await rowsAt(cluster, node, database, 'none')).length === rows.length,
        { limitMs: 20_000 },
      )
    }
  }
}

const allRows = (): Promise<readonly (readonly unknown[])[]> =>
  Promise.all(
    DATABASES.map((database, at) => eventually(`${database} can be read`, () => rowsAt(cluster, at, database))),
  )

const clear = async (): Promise<void> => {
  for (const database of DATABASES) {
    await cluster.ask(0, { op: 'execute', database, statement: { sql: 'DELETE FROM rows' } })
  }
}

describe('everything ends and starts again', () => {
  test('SIGTERM under load: every acknowledged row is there, and no rqlited was left', async () => {
    const load = await writers()
    await Promise.all(load.map((one) => one.reached(60)))
    await Promise.all(cluster.nodes.map((node) => node.kill('SIGTERM')))
    expect(cluster.nodes.map((node) => node.exit)).toEqual(cluster.nodes.map(() => ({ code: 0, signal: null })))
    expect(cluster.rqliteds()).toEqual([])
    await Promise.all(load.map((one) => one.stop()))
    await startAll()
    await expectAll(load, [])
    await clear()
  })

  test('SIGKILL of every node and every rqlited at once, under load', async () => {
    const load = await writers()
    await Promise.all(load.map((one) => one.reached(60)))
    for (const node of cluster.nodes) node.signal('SIGKILL')
    for (const rqlited of cluster.rqliteds()) signalProcess(rqlited, 'SIGKILL')
    await Promise.all(cluster.nodes.map((node) => node.kill('SIGKILL')))
    // One that a dying node had just started.
    for (const rqlited of cluster.rqliteds()) signalProcess(rqlited, 'SIGKILL')
    await Promise.all(load.map((one) => one.stop()))
    await startAll()
    await expectAll(load, [])
    await clear()
  })

  test('SIGKILL of every node, their rqlited processes stay and are adopted', async () => {
    const load = await writers()
    await Promise.all(load.map((one) => one.reached(30)))
    const processes = DATABASES.flatMap((database) => replicasOf(cluster, database))
    await Promise.all(cluster.nodes.map((node) => node.kill('SIGKILL')))
    await Promise.all(load.map((one) => one.stop()))
    expect(DATABASES.flatMap((database) => replicasOf(cluster, database))).toEqual(processes)
    await startAll()
    await expectAll(load, [])
    expect(DATABASES.flatMap((database) => replicasOf(cluster, database))).toEqual(processes)
  })

  test('and once more in peace: what was written before is still what it was', async () => {
    const before = await allRows()
    await Promise.all(cluster.nodes.map((node) => node.kill('SIGTERM')))
    await startAll()
    await expectAll([], before)
  })
})
