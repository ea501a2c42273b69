import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, startTestCluster, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { allActive, hibernate } from './support/asleep.js'
import { nodeAt, REPLACED_LIMIT_MS, settledOn } from './support/placement.js'
import { makeRowsSoon, rowsAt, writeSoon } from './support/rows.js'
import { membersOf, replicasOf } from './support/rqlite-view.js'

const LIMIT_MS = 300_000
/** The one whose directories are damaged. */
const VICTIM = 2

let cluster: TestCluster
beforeAll(async () => {
  const sets = ['database.hibernation_timeout=0', 'discovery.health_check_interval=3s']
  cluster = await startTestCluster({ gateway: false, sets })
}, 120_000)
afterAll(() => cluster?.stop(), 30_000)

const victim = (): TestNode => nodeAt(cluster, VICTIM)
const directory = (database: string): string => join(victim().dataDir, `demo_${database}`)

/** Ids of the members, as Raft has them: a replica that is added anew has another. */
const raftIds = async (database: string): Promise<string> => {
  const own = replicasOf(cluster, database).find(({ node }) => node === 0)
  return own === undefined ? '' : String((await membersOf(own)).map(({ id }) => id))
}

const make = async (database: string): Promise<void> => {
  await makeRowsSoon(cluster, database, [1])
  await allActive(cluster, 0, database)
}

/** It has another replica than before on the damaged node, which has every row itself. */
const isAddedAnew = async (database: string, before: string, rows: readonly number[]): Promise<void> => {
  const about = { limitMs: REPLACED_LIMIT_MS }
  await eventually(`${database} was added anew`, async () => !['', before].includes(await raftIds(database)), about)
  await settledOn(cluster, database, { nodes: [0, 1, 2], ask: 0 })
  const all = async (): Promise<boolean> => String(await rowsAt(cluster, VICTIM, database, 'none')) === String(rows)
  await eventually('it has every row', all, about)
  expect(await rowsAt(cluster, 0, database, 'strong')).toEqual(rows)
}

describe("a replica's directory", () => {
  test(
    'that was emptied while its node was down is never started again: it is removed and added anew, nothing is lost',
    async () => {
      const database = 'emptied'
      await make(database)
      const before = await raftIds(database)
      await victim().kill('SIGTERM')
      await writeSoon(cluster, 0, database, 2)
      rmSync(join(directory(database), 'rqlite'), { recursive: true })
      await victim().start()
      await isAddedAnew(database, before, [1, 2])
    },
    LIMIT_MS,
  )

  test(
    'that was set back to an older copy is not started either',
    async () => {
      const database = 'older'
      await make(database)
      const copy = join(cluster.directory, 'older-copy')
      await victim().kill('SIGTERM')
      cpSync(directory(database), copy, { recursive: true })
      await victim().start()
      await cluster.settled()
      await writeSoon(cluster, VICTIM, database, 2)
      await allActive(cluster, 0, database)
      const before = await raftIds(database)
      await victim().kill('SIGTERM')
      rmSync(directory(database), { recursive: true })
      cpSync(copy, directory(database), { recursive: true })
      await victim().start()
      await isAddedAnew(database, before, [1, 2])
    },
    LIMIT_MS,
  )

  test(
    'that was emptied while the database slept: the others wake without it, and it is added anew',
    async () => {
      const database = 'slept'
      await make(database)
      const before = await raftIds(database)
      await hibernate(cluster, 0, database)
      rmSync(directory(database), { recursive: true })
      await writeSoon(cluster, VICTIM, database, 2)
      await isAddedAnew(database, before, [1, 2])
    },
    LIMIT_MS,
  )
})
