import { TIMES } from '@dbcluster/sql/time-expressions'
import { signalProcess, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeBusyTable } from './suites/busy-table.js'
import { type DatabaseHashes, databaseHashes, distinct } from './support/dump.js'
import { failure } from './support/errors.js'
import { REFUSED, writeEverything } from './support/every-construct.js'
import { killAll, leaderOf } from './support/placement.js'
import { localValue, pastNode, replicasOf } from './support/rqlite-view.js'

/** As POSIX has them, so that no file of time zones is needed (https://pubs.opengroup.org, environment variable TZ). */
const TIME_ZONES = ['UTC0', 'JST-9', 'EST5EDT,M3.2.0,M11.1.0']
/** Sleeps of one database, for a longer run: DBCLUSTER_SLEEPS=100. */
const SLEEPS = Number(process.env.DBCLUSTER_SLEEPS ?? 3)
/** Restarts of nodes and their processes, on a machine that may be busy. */
const LIMIT_MS = 240_000
const EACH_SLEEP_LIMIT_MS = 20_000

/** Three nodes in three time zones, with a replica each: what is written through one is the same on all, for ever. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ gateway: false, launcher: (index) => ['env', `TZ=${TIME_ZONES[index]}`] })
}, 120_000)
afterAll(() => cluster?.stop(), 30_000)

const SAME = { nodes: 1, rqliteds: 1 }

const stopAndStart = async (indexes: readonly number[]): Promise<void> => {
  const nodes = cluster.nodes.filter(({ index }) => indexes.includes(index))
  await Promise.all(nodes.map((node) => node.kill('SIGTERM')))
  await Promise.all(nodes.map((node) => node.start()))
}

const killAndStart = async (indexes: readonly number[]): Promise<void> => {
  const nodes = cluster.nodes.filter(({ index }) => indexes.includes(index))
  await Promise.all(nodes.map(killAll))
  // One that a dying node had just started.
  for (const rqlited of cluster.rqliteds()) if (indexes.includes(rqlited.node)) signalProcess(rqlited, 'SIGKILL')
  await Promise.all(nodes.map((node) => node.start()))
}

describe('what differs by time, chance or replica', () => {
  const database = 'written'
  let before: DatabaseHashes
  beforeAll(async () => {
    await writeEverything(cluster, database)
    before = await databaseHashes(cluster, database)
  }, LIMIT_MS)

  test('is the same on all three, read from each', async () => {
    expect(distinct(before)).toEqual(SAME)
    const [replica] = replicasOf(cluster, database)
    if (replica === undefined) throw new Error('no process')
    expect(await localValue(replica, 'SELECT count(v) FROM r')).toBeGreaterThan(TIMES.length)
    expect(await localValue(replica, 'SELECT count(*) FROM d WHERE c0 IS NOT NULL AND c1 IS NOT NULL')).toBe(6)
  })

  test('which the comparison would tell: a write that passes the node by makes the copies differ', async () => {
    const schema = 'CREATE TABLE IF NOT EXISTS raw (v)'
    await cluster.ask(0, { op: 'createTable', database: 'raw', schema })
    const leader = await leaderOf(cluster, 0, 'raw')
    const replica = replicasOf(cluster, 'raw').find(({ node }) => node === leader)
    if (replica === undefined) throw new Error('no leader')
    await pastNode(replica, 'execute', ["INSERT INTO raw VALUES (julianday('now') || lower(hex(randomblob(8))))"])
    expect(distinct(await databaseHashes(cluster, 'raw'))).toEqual({ nodes: 3, rqliteds: 3 })
    await cluster.ask(0, { op: 'delete', database: 'raw' })
  }, 60_000)

  test('is refused where no one value can stand for it, and nothing happens', async () => {
    for (const [turn, sql] of REFUSED.entries()) {
      const refused = await failure(cluster.ask(turn % 3, { op: 'execute', database, statement: { sql } }))
      expect([sql, refused]).toEqual([sql, 'NONDETERMINISTIC_SQL'])
    }
    const statement = { sql: 'INSERT INTO r(id) VALUES (?)', args: [9223372036854775807n] }
    expect(await failure(cluster.ask(0, { op: 'execute', database, statement }))).toBe('NONDETERMINISTIC_SQL')
    const computed = { sql: 'INSERT INTO r(id) SELECT 9223372036854775806 + 1' }
    expect(await failure(cluster.ask(1, { op: 'execute', database, statement: computed }))).toBe('NONDETERMINISTIC_SQL')
    expect(await databaseHashes(cluster, database)).toEqual(before)
  })

  test(
    `sleeps and wakes ${SLEEPS} times, with a row more each time, and is what it was`,
    async () => {
      for (let round = 0; round < SLEEPS; round += 1) {
        const [writer, reader] = [round % 3, (round + 1) % 3]
        await cluster.ask(writer, { op: 'execute', database, statement: { sql: 'INSERT INTO d DEFAULT VALUES' } })
        before = await databaseHashes(cluster, database, reader)
        expect(distinct(before)).toEqual(SAME)
        await cluster.ask(writer, { op: 'hibernate', database })
        expect(replicasOf(cluster, database)).toEqual([])
        expect(await databaseHashes(cluster, database, reader)).toEqual(before)
      }
    },
    LIMIT_MS + SLEEPS * EACH_SLEEP_LIMIT_MS,
  )

  test(
    'stays what it was when one node after the other stops and starts',
    async () => {
      for (const index of [0, 1, 2]) {
        await stopAndStart([index])
        expect(await databaseHashes(cluster, database, index)).toEqual(before)
      }
    },
    LIMIT_MS,
  )

  test(
    'stays what it was when one node after the other is killed together with its rqlited',
    async () => {
      for (const index of [0, 1, 2]) {
        await killAndStart([index])
        expect(await databaseHashes(cluster, database, index)).toEqual(before)
      }
    },
    LIMIT_MS,
  )

  test.each([
    ['stops', stopAndStart],
    ['is killed', killAndStart],
  ])(
    'stays what it was when everything %s and starts again',
    async (_, restart) => {
      await restart([0, 1, 2])
      expect(await databaseHashes(cluster, database)).toEqual(before)
    },
    LIMIT_MS,
  )
})

describeBusyTable(() => cluster, killAndStart)
