import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, startTestCluster, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { allActive } from './support/asleep.js'
import { nodeAt, REPLACED_LIMIT_MS, settledOn } from './support/placement.js'
import { makeRowsSoon, rowsAt, writeSoon } from './support/rows.js'

const LIMIT_MS = 300_000
const VICTIM = 2

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ gateway: false, sets: ['database.hibernation_timeout=0'] })
  await make('known', [1])
}, 180_000)
afterAll(() => cluster?.stop(), 30_000)

const make = async (database: string, rows: readonly number[]): Promise<void> => {
  await makeRowsSoon(cluster, database, rows)
  await allActive(cluster, 0, database)
}

const victim = (): TestNode => nodeAt(cluster, VICTIM)
const metadata = (): string => join(victim().dataDir, 'metadata')

/** Raft logs of a database on the damaged node's disk, in use or set aside: deleted ones would be missing. */
const copiesOf = (database: string): number => {
  const { dataDir } = victim()
  const quarantine = join(dataDir, 'quarantine')
  const aside = existsSync(quarantine)
    ? readdirSync(quarantine).filter((name) => name.startsWith(`demo_${database}.`))
    : []
  const all = [join(dataDir, `demo_${database}`), ...aside.map((name) => join(quarantine, name))]
  return all.filter((directory) => existsSync(join(directory, 'rqlite', 'raft.db'))).length
}

const isWhole = async (database: string, rows: readonly number[]): Promise<void> => {
  await settledOn(cluster, database, { nodes: [0, 1, 2], ask: 0 })
  const all = async (): Promise<boolean> => String(await rowsAt(cluster, VICTIM, database, 'none')) === String(rows)
  await eventually('the node has every row itself', all, { limitMs: REPLACED_LIMIT_MS })
  expect(await rowsAt(cluster, 0, database, 'strong')).toEqual(rows)
}

describe('a node starts with a metadata store', () => {
  test(
    'that cannot be read: it says so and ends, and nothing is touched',
    async () => {
      await victim().kill('SIGTERM')
      const kept = join(cluster.directory, 'kept-metadata')
      cpSync(metadata(), kept, { recursive: true })
      writeFileSync(join(metadata(), 'level', 'CURRENT'), 'this is no store')
      await expect(victim().start()).rejects.toThrow(/STORE_CORRUPT/)
      expect(copiesOf('known')).toBe(1)
      rmSync(metadata(), { recursive: true })
      cpSync(kept, metadata(), { recursive: true })
      await victim().start()
      await cluster.settled()
      await writeSoon(cluster, VICTIM, 'known', 2)
      await isWhole('known', [1, 2])
    },
    LIMIT_MS,
  )

  test(
    'that is out of date: it learns what it missed, and gives up no replica',
    async () => {
      await victim().kill('SIGTERM')
      const old = join(cluster.directory, 'old-metadata')
      cpSync(metadata(), old, { recursive: true })
      await victim().start()
      await cluster.settled()
      await make('later', [1])
      await victim().kill('SIGTERM')
      rmSync(metadata(), { recursive: true })
      cpSync(old, metadata(), { recursive: true })
      await victim().start()
      await cluster.settled()
      await writeSoon(cluster, 0, 'later', 2)
      await isWhole('later', [1, 2])
      await isWhole('known', [1, 2])
      expect([copiesOf('known') >= 1, copiesOf('later') >= 1]).toEqual([true, true])
    },
    LIMIT_MS,
  )

  test(
    'that is empty: it is a new member, its replicas are made anew, and the old ones are kept aside',
    async () => {
      const before = copiesOf('known')
      await victim().kill('SIGTERM')
      rmSync(metadata(), { recursive: true })
      await writeSoon(cluster, 0, 'known', 3)
      await victim().start()
      await cluster.settled()
      await isWhole('known', [1, 2, 3])
      expect(copiesOf('known')).toBeGreaterThanOrEqual(before)
    },
    LIMIT_MS,
  )
})
