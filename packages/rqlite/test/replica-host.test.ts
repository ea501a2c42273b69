import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { RqliteBinary, RqliteClient } from '../src/index.js'
import { eventually } from './support/eventually.js'
import { addressOf, createHostBench, type HostBench, NAME, type TestHost } from './support/host-bench.js'
import { binaryUnderTest } from './support/rqlited.js'

let binary: RqliteBinary
let bench: HostBench

beforeAll(async () => {
  binary = await binaryUnderTest()
})
beforeEach(async () => {
  bench = await createHostBench(binary)
})
afterEach(() => bench.dispose())

const clientOf = ({ host }: TestHost): RqliteClient => {
  const replica = host.get(NAME)
  if (replica === undefined) throw new Error('nothing runs')
  return replica.client
}

const leaderOf = async (hosts: readonly TestHost[]): Promise<TestHost> => {
  let leader: TestHost | undefined
  await eventually('one of them leads', async () => {
    for (const one of hosts) if ((await one.host.view(NAME))?.isLeader === true) leader = one
    return leader !== undefined
  })
  if (leader === undefined) throw new Error('nobody leads')
  return leader
}

const write = async (hosts: readonly TestHost[], value: number): Promise<void> => {
  const leader = await leaderOf(hosts)
  const sql = ['CREATE TABLE IF NOT EXISTS t (a)', `INSERT INTO t VALUES (${value})`]
  const results = await clientOf(leader).execute(sql.map((text) => ({ sql: text })))
  expect(results.flatMap((result) => result.error ?? [])).toEqual([])
}

const rows = async (of: TestHost, level: 'none' | 'strong'): Promise<unknown> => {
  const { results } = await clientOf(of).query([{ sql: 'SELECT a FROM t ORDER BY a' }], { level, forward: true })
  return results[0]?.rows.flat()
}

/** Puts all to sleep, followers first. */
const sleepAll = async (hosts: readonly TestHost[], run: number) => {
  const leader = await leaderOf(hosts)
  const followers = hosts.filter((other) => other !== leader)
  const records = await Promise.all(followers.map(({ host }) => host.sleep(NAME, { run })))
  return [...records, await leader.host.sleep(NAME, { run })]
}

describe('a planned stop', () => {
  test('leaves equal records on all replicas, no process, and resting ports', async () => {
    const all = await bench.cluster()
    await write(all, 1)
    await eventually('all have applied it', async () => {
      const views = await Promise.all(all.map(({ host }) => host.view(NAME)))
      return new Set(views.map((view) => view?.appliedIndex)).size === 1
    })
    const records = await sleepAll(all, 7)
    expect(records[0]).toMatchObject({ run: 7 })
    expect(new Set(records.map((record) => JSON.stringify(record))).size).toBe(1)
    expect(records[0]?.voters.map(({ address }) => address).sort()).toEqual(all.map(addressOf).sort())
    for (const { host, freed } of all) {
      expect(host.get(NAME)).toBeUndefined()
      expect(freed).toEqual([`rests ${NAME}`])
      expect(await host.stopRecord(NAME)).toEqual(records[0])
    }
  })

  test('is void once the replica may run again', async () => {
    const all = await bench.cluster()
    await write(all, 1)
    const incarnations = all.map(({ host }) => host.get(NAME)?.incarnation)
    await sleepAll(all, 1)
    await Promise.all(all.map((one) => one.bring({ kind: 'restart' })))
    for (const { host } of all) expect(await host.stopRecord(NAME)).toBeUndefined()
    // What was learnt of the processes of before is void.
    for (const [index, { host }] of all.entries()) expect(host.get(NAME)?.incarnation).not.toBe(incarnations[index])
    expect(await rows(all[0], 'strong')).toEqual([1])
  })

  test('comes back on new ports everywhere when all take the same new addresses', async () => {
    const all = await bench.cluster()
    await write(all, 1)
    await sleepAll(all, 1)
    await Promise.all(all.map((one) => bench.move(one)))
    const peers = all.map((one) => ({ id: one.assignment.raftId, address: addressOf(one) }))
    await Promise.all(all.map((one) => one.bring({ kind: 'recover', peers })))
    await write(all, 2)
    for (const one of all) expect(await rows(one, 'strong')).toEqual([1, 2])
    const view = await (await leaderOf(all)).host.proveLeadership(NAME)
    expect(view?.voters.map(({ address }) => address).sort()).toEqual(peers.map(({ address }) => address).sort())
  })
})

describe('a replica on another port', () => {
  test('serves with one other member, as the leader, while the third is absent', async () => {
    const [one, two, three] = await bench.cluster()
    await write([one, two, three], 1)
    await sleepAll([one, two, three], 1)
    await bench.move(three)
    await Promise.all([one.bring({ kind: 'restart' }), three.bring({ kind: 'restart' })])
    expect(await leaderOf([one, three])).toBe(three)
    await write([one, three], 2)
    // Once the absent one is back, the others have quorum without the moved one: its address may change.
    await two.bring({ kind: 'restart' })
    await three.bring({ kind: 'rejoin', addresses: [addressOf(one), addressOf(two)] })
    await write([one, two, three], 3)
    expect(await rows(three, 'strong')).toEqual([1, 2, 3])
    const leader = await leaderOf([one, two, three])
    const view = await leader.host.proveLeadership(NAME)
    expect(view?.voters.map(({ address }) => address).sort()).toEqual([one, two, three].map(addressOf).sort())
  })
})

describe('a newcomer', () => {
  test('is up and reachable before it is a member, and takes the place of a removed voter', async () => {
    const [one, two, three, four] = (await bench.hosts(4)) as [TestHost, TestHost, TestHost, TestHost]
    const join = { kind: 'join', addresses: [addressOf(one)] } as const
    await Promise.all([one.bring({ kind: 'bootstrap' }), two.bring(join), three.bring(join)])
    await write([one, two, three], 1)
    await three.host.halt(NAME)
    await four.bring({ kind: 'warm' }, 'warmed')
    expect(await one.host.dial(four.assignment.host, four.assignment.raftPort)).toBe(true)
    expect(await one.host.dial(three.assignment.host, three.assignment.raftPort)).toBe(false)
    expect((await four.host.view(NAME))?.servers).toEqual([])

    const leader = await leaderOf([one, two])
    await leader.host.removeVoter(NAME, three.assignment.raftId)
    const after = await leader.host.proveLeadership(NAME)
    expect(after?.voters.map(({ id }) => id).sort()).toEqual(['one', 'two'])
    await four.bring({ kind: 'join', addresses: [addressOf(one), addressOf(two)] })
    await write([one, two, four], 2)
    expect(await rows(four, 'strong')).toEqual([1, 2])
    const view = await (await leaderOf([one, two, four])).host.proveLeadership(NAME)
    expect(view?.voters.map(({ id }) => id).sort()).toEqual(['four', 'one', 'two'])
    // The one that was removed comes back and bothers nobody.
    three.start({ kind: 'restart' })
    await write([one, two, four], 3)
    await three.host.remove(NAME, 'it was replaced')
    expect(three.freed).toEqual([`released ${NAME}`])
  })
})

describe('a directory that is not the one it was', () => {
  const directoryOf = ({ dataDir }: TestHost): string => join(dataDir, NAME)

  test('is lost when it was emptied', async () => {
    const [one] = await bench.cluster()
    await one.host.halt(NAME)
    await rm(directoryOf(one), { recursive: true })
    await mkdir(directoryOf(one))
    await one.bring({ kind: 'restart' }, 'lost')
    expect(one.host.get(NAME)).toBeUndefined()
  })

  test('is lost when it is an older copy', async () => {
    const [one, two, three] = await bench.cluster()
    await write([one, two, three], 1)
    await one.host.halt(NAME)
    await cp(directoryOf(one), `${directoryOf(one)}.old`, { recursive: true })
    await one.bring({ kind: 'restart' })
    await write([one, two, three], 2)
    await one.host.halt(NAME)
    await rm(directoryOf(one), { recursive: true })
    await rename(`${directoryOf(one)}.old`, directoryOf(one))
    await one.bring({ kind: 'restart' }, 'lost')
    expect(one.told.at(-1)?.detail).toMatch(/copy from its launch 1, before the last one, 2/)
  })

  test('is told from one that was never started, by name and member', async () => {
    const [one] = await bench.cluster()
    expect(await one.host.inspect()).toEqual([
      { name: NAME, state: 'member', member: { clusterId: 'c'.repeat(32), raftId: 'one' } },
    ])
    await mkdir(join(one.dataDir, 'not_ours'))
    expect((await one.host.inspect()).map(({ name }) => name)).toEqual([NAME])
    await one.host.remove(NAME, 'deleted')
    expect(await one.host.inspect()).toEqual([])
    expect((await stat(join(one.dataDir, 'quarantine'))).mode & 0o777).toBe(0o700)
  })
})

describe('a start that waits for its turn', () => {
  test('is called off by a stop, with what a planned stop left still there, and goes when it is asked for again', async () => {
    const [one] = await bench.hosts(1)
    if (one === undefined) throw new Error('one was asked for')
    await one.bring({ kind: 'bootstrap' })
    const record = await one.host.sleep(NAME, { run: 1 })
    expect(record).toBeDefined()
    one.start({ kind: 'restart' })
    await one.host.halt(NAME)
    expect(one.host.get(NAME)).toBeUndefined()
    expect(await one.host.stopRecord(NAME)).toEqual(record)
    await one.bring({ kind: 'restart' })
    expect(await one.host.stopRecord(NAME)).toBeUndefined()
  })
})
