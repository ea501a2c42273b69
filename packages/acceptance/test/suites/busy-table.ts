import { eventually, signalProcess, type TestCluster } from '@dbcluster/testkit'
import { beforeAll, expect, test } from '@jest/globals'
import { databaseHashes, distinct } from '../support/dump.js'
import { leaderOf } from '../support/placement.js'
import { localValue, replicasOf } from '../support/rqlite-view.js'

const DATABASE = 'busy'
const ROUNDS = 60
/** Leaders die when the loop gets there. */
const KILLS = [10, 25, 40]
const LIMIT_MS = 240_000

const DEFAULTS = ['CURRENT_TIMESTAMP', '(julianday())', '(random())', '(lower(hex(randomblob(4))))', '1']

/** What a statement may fail with while its table comes and goes and leaders die; nothing else. */
const STATED: ReadonlySet<string> = new Set([
  ...['SQL_ERROR', 'NONDETERMINISTIC_SQL'], // no such table, or one that changed under the statement again and again
  ...['NO_LEADER', 'DATABASE_UNAVAILABLE', 'NODE_UNREACHABLE', 'OUTCOME_UNKNOWN', 'TIMEOUT'], // a leader was just killed
])
const STATED_BY_SQLITE = /no such table|already exists|already another table|no column named/

/** A table that comes, goes and is renamed through one node, under INSERTs from another, while leaders are killed. */
export const describeBusyTable = (
  of: () => TestCluster,
  restart: (indexes: readonly number[]) => Promise<void>,
): void => {
  beforeAll(async () => {
    await eventually(
      `${DATABASE} is made`,
      () => of().ask(0, { op: 'createTable', database: DATABASE, schema: 'CREATE TABLE IF NOT EXISTS kept (a)' }),
      { limitMs: 60_000 },
    )
  }, LIMIT_MS)

  test(
    'a table comes, goes and is renamed under rows that omit its time, while leaders are killed',
    async () => {
      const inserted = await disturb(of())
      expect(inserted).toBeGreaterThan(20)
      const before = await databaseHashes(of(), DATABASE)
      expect(distinct(before)).toEqual({ nodes: 1, rqliteds: 1 })
      const [replica] = replicasOf(of(), DATABASE)
      if (replica === undefined) throw new Error('no process')
      const tables = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'busy_*'"
      expect(await localValue(replica, tables)).toBeGreaterThan(20)
      await restart([0, 1, 2])
      expect(await databaseHashes(of(), DATABASE)).toEqual(before)
    },
    LIMIT_MS,
  )
}

/** Resolves with the number of rows that the other node's INSERTs got in. */
const disturb = async (cluster: TestCluster): Promise<number> => {
  /** Whether it worked; every other error than the stated ones is thrown. */
  const attempt = async (node: number, sql: string): Promise<boolean> => {
    try {
      await cluster.ask(node, { op: 'execute', database: DATABASE, statement: { sql } }, { timeoutMs: 5_000 })
      return true
    } catch (error) {
      const { code, message } = error as { readonly code?: string; readonly message: string }
      if (code === undefined || !STATED.has(code)) throw error
      if (code === 'SQL_ERROR') expect([sql, message]).toEqual([sql, expect.stringMatching(STATED_BY_SQLITE)])
      return false
    }
  }
  let round = 0
  let inserted = 0
  let over = false
  const changes = async (): Promise<void> => {
    for (; round < ROUNDS && !over; round += 1) {
      const value = DEFAULTS[round % DEFAULTS.length]
      await attempt(0, `CREATE TABLE IF NOT EXISTS busy (id INTEGER PRIMARY KEY, at_${round % 2} DEFAULT ${value})`)
      await attempt(0, 'INSERT INTO busy DEFAULT VALUES')
      if (round % 3 === 0) await attempt(0, 'DROP TABLE busy')
      else await attempt(0, `ALTER TABLE busy RENAME TO busy_${round}`)
    }
    over = true
  }
  const inserts = async (): Promise<void> => {
    while (!over) if (await attempt(1, 'INSERT INTO busy DEFAULT VALUES')) inserted += 1
  }
  const kills = async (): Promise<void> => {
    for (const reached of KILLS) {
      await eventually(`round ${reached}`, () => over || round >= reached, { limitMs: 60_000 })
      const leader = await leaderOf(cluster, 2, DATABASE)
      for (const one of replicasOf(cluster, DATABASE)) if (one.node === leader) signalProcess(one, 'SIGKILL')
    }
  }
  try {
    await Promise.all([changes(), inserts(), inserts(), kills()])
  } finally {
    over = true
  }
  return inserted
}
