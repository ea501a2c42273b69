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
    await disk?.fill()
    expect(await two.host.sleep(NAME, { run: 1 })).toBeUndefined()
    expect(await snapshotSince(join(two.dataDir, NAME), 0)).toBe(false)
  })
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
