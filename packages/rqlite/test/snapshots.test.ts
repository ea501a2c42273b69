import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { takeSnapshot } from '../src/host/take-snapshot.js'
import type { RqliteClient, SnapshotPolicy } from '../src/index.js'
import { replicaFiles } from '../src/process/replica-files.js'
import { eventually } from './support/eventually.js'
import { addressOf, createHostBench, type HostBench, NAME, type TestHost } from './support/host-bench.js'
import { binaryUnderTest } from './support/rqlited.js'

const binary = await binaryUnderTest()
/** rqlited waits so long for readers before it gives a checkpoint up (go-sqlite3's busy timeout). */
const BUSY_MS = 5_000

const NEVER = Number.MAX_SAFE_INTEGER

let bench: HostBench | undefined
afterEach(() => bench?.dispose())

const alone = async (policy: Partial<SnapshotPolicy>): Promise<TestHost> => {
  bench = await createHostBench(binary, {}, { lookMs: 50, ...policy })
  const [one] = await bench.hosts(1)
  if (one === undefined) throw new Error('no host')
  await one.bring({ kind: 'bootstrap' })
  return one
}

const clientOf = ({ host }: TestHost): RqliteClient => {
  const client = host.get(NAME)?.client
  if (client === undefined) throw new Error('nothing runs')
  return client
}

const directoryOf = ({ dataDir }: TestHost): string => join(dataDir, NAME)

const write = async (of: TestHost, count: number): Promise<void> => {
  for (let at = 0; at < count; at += 1) {
    const sql = `INSERT INTO t(v) VALUES ('${'x'.repeat(500)}')`
    const results = await clientOf(of).execute([{ sql }])
    expect(results.flatMap(({ error }) => error ?? [])).toEqual([])
  }
}

const table = async (of: TestHost): Promise<void> => {
  await clientOf(of).execute([{ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)' }])
}

const ask = async (of: TestHost, sql: string, level: 'none' | 'strong' = 'strong'): Promise<unknown> => {
  const { results } = await clientOf(of).query([{ sql }], { level, timeoutMs: 200_000 })
  return results[0]?.error ?? results[0]?.rows[0]?.[0]
}

/** Has as many rows as were written, and a sound file, after rqlited made that anew from its snapshots and its log. */
const isWholeAfterRestart = async (of: TestHost, rows: number): Promise<void> => {
  await of.host.halt(NAME)
  await of.bring({ kind: 'restart' })
  expect(await ask(of, 'SELECT count(*) FROM t')).toBe(rows)
  expect(await ask(of, 'PRAGMA integrity_check')).toBe('ok')
}

describe('a snapshot that a long read keeps from being taken', () => {
  test('leaves no hole: the next one holds the whole database', async () => {
    const one = await alone({ walBytes: NEVER, entries: NEVER })
    await table(one)
    const subject = { directory: directoryOf(one), client: clientOf(one), capabilities: binary.capabilities }
    await write(one, 20)
    await takeSnapshot(subject)
    await write(one, 30)
    const started = performance.now()
    const numbers = (name: string) =>
      `(WITH RECURSIVE ${name}(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM ${name} LIMIT 20000) SELECT n FROM ${name})`
    const read = ask(
      one,
      `SELECT count(*) FROM t, ${numbers('a')} x, ${numbers('b')} y WHERE t.id = 1 AND x.n > y.n`,
      'none',
    )
    await eventually('the read is under way', () => performance.now() - started > 200)
    await expect(takeSnapshot(subject)).rejects.toThrow(/checkpoint/)
    expect(performance.now() - started).toBeGreaterThan(BUSY_MS)
    await read
    // SQLite begins its WAL anew with this one.
    await write(one, 30)
    await takeSnapshot(subject)
    await write(one, 5)
    await isWholeAfterRestart(one, 85)
  }, 300_000)

  test('is known to whoever finds the process running later', async () => {
    const one = await alone({ walBytes: NEVER, entries: NEVER })
    await table(one)
    const files = replicaFiles(directoryOf(one))
    const client = { ...clientOf(one), snapshot: () => Promise.reject(new Error('the node was killed')) }
    const { capabilities } = binary
    await expect(takeSnapshot({ directory: directoryOf(one), client, capabilities })).rejects.toThrow('killed')
    const failing = { ...client, snapshot: async () => void (await stat(files.fullNeeded)) }
    await takeSnapshot({ directory: directoryOf(one), client: failing, capabilities })
    await expect(stat(files.snapshotOpen)).rejects.toThrow('ENOENT')
  }, 60_000)
})

describe('a replica that runs has snapshots taken of it', () => {
  test.each([
    ['as its WAL grows', { walBytes: 64 * 1024, entries: NEVER }, 60, 0],
    ['as its log grows, though nothing changes', { walBytes: NEVER, entries: 40 }, 3, 60],
  ])(
    '%s, and is whole after a restart',
    async (_, policy, writes, reads) => {
      const one = await alone(policy)
      await table(one)
      await write(one, writes)
      for (let at = 0; at < reads; at += 1) await clientOf(one).readThroughRaft()
      await eventually('there is one', async () => (await clientOf(one).status()).snapshotIndex > 0)
      await write(one, 3)
      await isWholeAfterRestart(one, writes + 3)
    },
    60_000,
  )
})

describe('the log of a replica that runs', () => {
  test('is cut behind a snapshot, but for what members that were away for a moment may lack', async () => {
    const one = await alone({ walBytes: NEVER, entries: NEVER })
    const asked: unknown[] = []
    const client: RqliteClient = { ...clientOf(one), snapshot: async (options) => void asked.push(options) }
    await takeSnapshot({ directory: directoryOf(one), client, capabilities: binary.capabilities })
    // Told to take none by itself, rqlited would keep all of it for ever.
    expect(asked).toEqual([expect.objectContaining({ trailingEntries: 10_240 })])
  }, 60_000)

  test('is cut for a newcomer, which is sent the database and knows the voters of today at once', async () => {
    bench = await createHostBench(binary, {}, { lookMs: 50, walBytes: NEVER, entries: NEVER })
    const [one, two] = await bench.hosts(2)
    if (one === undefined || two === undefined) throw new Error('there are two')
    await one.bring({ kind: 'bootstrap' })
    await table(one)
    for (let at = 0; at < 1_100; at += 1) await clientOf(one).readThroughRaft()
    await write(one, 3)
    await one.host.shortenLog(NAME)
    await two.bring({ kind: 'join', addresses: [addressOf(one)] })
    expect((await clientOf(two).status()).snapshotIndex).toBeGreaterThan(1_100)
    expect(await ask(two, 'SELECT count(*) FROM t', 'none')).toBe(3)
  }, 120_000)

  test('stays as it is where it is short anyway', async () => {
    const one = await alone({ walBytes: NEVER, entries: NEVER })
    await table(one)
    await one.host.shortenLog(NAME)
    expect((await clientOf(one).status()).snapshotIndex).toBe(0)
  }, 60_000)
})
