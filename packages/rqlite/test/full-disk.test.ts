import { mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { snapshotSince } from '../src/host/snapshot-since.js'
import { eventually } from './support/eventually.js'
import { createHostBench, type HostBench, NAME, type TestHost } from './support/host-bench.js'
import { binaryUnderTest } from './support/rqlited.js'
import { mountSmallDisk, type SmallDisk } from './support/small-disk.js'

const DISK_BYTES = 24 * 1024 * 1024

const disk: SmallDisk | undefined = await mountSmallDisk(DISK_BYTES)
/** Where the machine allows no mounts they are reported as skipped. */
const { skip } = test
const onDisk = disk === undefined ? skip : test

let bench: HostBench
let count = 0
beforeEach(async () => {
  count += 1
  const places = disk === undefined ? {} : { two: join(disk.path, `${count}`) }
  bench = await createHostBench(await binaryUnderTest(), places)
})
afterEach(async () => {
  await disk?.free()
  await bench.dispose()
})
afterAll(() => disk?.dispose())

const write = async (hosts: readonly TestHost[], value: number): Promise<void> => {
  await eventually('a leader takes it', async () => {
    for (const { host } of hosts) {
      const statements = ['CREATE TABLE IF NOT EXISTS t (a)', `INSERT INTO t VALUES (${value})`]
      const results = await host
        .get(NAME)
        ?.client.execute(statements.map((sql) => ({ sql })))
        .catch(() => undefined)
      if (results?.every(({ error }) => error === undefined) === true) return true
    }
    return false
  })
}

const rows = async ({ host }: TestHost): Promise<unknown> => {
  const reply = await host.get(NAME)?.client.query([{ sql: 'SELECT a FROM t ORDER BY a' }], { level: 'none' })
  return reply?.results[0]?.rows.flat()
}

const heard = ({ told }: TestHost, what: string): readonly string[] =>
  told.filter((one) => one.what === what).map(({ detail }) => detail)

describe('a replica whose disk fills up', () => {
  onDisk('stops while the others go on, does not start without room, and lacks nothing once it is back', async () => {
    const [one, two, three] = await bench.cluster()
    await write([one, two, three], 1)
    await disk?.fill()
    await eventually('it has stopped', () => heard(two, 'failed').length > 0)
    expect(heard(two, 'failed')[0]).toMatch(/too little room/)
    expect(two.host.get(NAME)).toBeUndefined()
    await write([one, three], 2)
    await two.bring({ kind: 'restart' }, 'failed')
    expect(two.host.get(NAME)).toBeUndefined()
    await disk?.free()
    await two.bring({ kind: 'restart' })
    await eventually('it has applied all', async () => JSON.stringify(await rows(two)) === '[1,2]')
    expect(heard(two, 'lost')).toEqual([])
  })

  onDisk('leaves no snapshot, and no stop record, when it is put to sleep then', async () => {
    const [one, two, three] = await bench.cluster()
    await write([one, two, three], 1)
    // Room for a snapshot, and too little to go on.
    await disk?.fill(900 * 1024)
    expect(await two.host.sleep(NAME, { run: 1 })).toBeUndefined()
    expect(await snapshotSince(join(two.dataDir, NAME), 0)).toBe(false)
  })
})

test('a replica on which a write fails as on a bad disk is rebuilt, until that is seen not to help', async () => {
  const [one] = await bench.hosts(1)
  if (one === undefined) throw new Error('one was asked for')
  await one.bring({ kind: 'bootstrap' })
  await write([one], 1)
  const insert = async (): Promise<unknown> => {
    const results = await one.host.get(NAME)?.client.execute([{ sql: 'INSERT INTO t VALUES (2)' }])
    return results?.[0]?.error?.code
  }
  // Whatever a trigger says, its text is all that rqlite passes on.
  const trigger = "CREATE TRIGGER r BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
  await one.host.get(NAME)?.client.execute([{ sql: trigger }])
  for (let rebuilt = 0; rebuilt < 3; rebuilt += 1) {
    expect(await insert()).toBe('SQLITE_FULL')
    await eventually('it has stopped', () => heard(one, 'failed').length === rebuilt + 1)
    expect(one.host.get(NAME)).toBeUndefined()
    await one.bring({ kind: 'restart' })
  }
  expect(await insert()).toBe('SQLITE_FULL')
  // What was asked of it later is done behind a rebuild: none was begun.
  expect(await rows(one)).toEqual([1])
  expect(await one.host.view(NAME)).toBeDefined()
  expect(heard(one, 'failed')).toHaveLength(3)
  expect(heard(one, 'lost')).toEqual([])
})

describe('a snapshot', () => {
  onDisk('is told from one that was taken before', async () => {
    const directory = join(disk?.path ?? '', 'app_other')
    expect(await snapshotSince(directory, 0)).toBe(false)
    const snapshot = join(directory, 'rqlite', 'rsnapshots', '2-7-1')
    await mkdir(snapshot, { recursive: true })
    await utimes(snapshot, 1_000, 1_000)
    expect(await snapshotSince(directory, 1_000_001)).toBe(false)
    expect(await snapshotSince(directory, 999_999)).toBe(true)
  })
})
