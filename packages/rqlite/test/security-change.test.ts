import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { ReplicaSecurity, ReplicaSpec, RqliteBinary, RqliteStatement } from '../src/index.js'
import { eventually } from './support/eventually.js'
import { createReplicaBench, type Replica, type ReplicaBench } from './support/replica-bench.js'
import { binaryUnderTest } from './support/rqlited.js'
import { testSecurity } from './support/test-security.js'

/** Many starts one after the other, on a machine that may be busy. */
jest.setTimeout(90_000)

let binary: RqliteBinary
let bench: ReplicaBench
beforeAll(async () => {
  binary = await binaryUnderTest()
})
beforeEach(async () => {
  bench = await createReplicaBench(binary)
})
afterEach(() => bench.dispose())

const isReady = (replica: Replica): Promise<void> => replica.process.ready(AbortSignal.timeout(45_000))

/** The same replica in a new run of its node, with other keys. */
const successor = (replica: Replica, security: ReplicaSecurity, recovery = 0): Replica => {
  const spec: ReplicaSpec = { ...replica.spec, security, recovery, start: { kind: 'restart' } }
  return { spec, process: bench.create(spec) }
}

/** A planned restart of a node. */
const restart = async (replica: Replica, security: ReplicaSecurity): Promise<Replica> => {
  await replica.process.stop()
  const next = successor(replica, security)
  next.process.start()
  return next
}

/** Through whichever replica leads. */
const applied = (replicas: readonly Replica[], statement: RqliteStatement): Promise<void> =>
  eventually(
    `${statement.sql} ${statement.params}`,
    async () => {
      for (const { process } of replicas) {
        const done = await process.client.execute([statement], { timeoutMs: 2_000 }).catch(() => undefined)
        if (done?.[0] !== undefined && done[0].error === undefined) return true
      }
      return false
    },
    45_000,
  )

const write = (replicas: readonly Replica[], value: number): Promise<void> =>
  applied(replicas, { sql: 'INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING', params: [value] })

const rowsOf = async ({ process }: Replica): Promise<readonly unknown[]> => {
  await process.client.readThroughRaft()
  await process.client.ready()
  const { results } = await process.client.query([{ sql: 'SELECT a FROM t ORDER BY a' }], { level: 'none' })
  return results[0]?.rows.map(([value]) => value) ?? []
}

const makeTable = (replicas: readonly Replica[]): Promise<void> =>
  applied(replicas, { sql: 'CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY)' })

const votersOf = async (replicas: readonly Replica[]): Promise<readonly string[]> => {
  const views = await Promise.all(replicas.map(({ process }) => process.client.status()))
  expect(views.filter(({ isLeader }) => isLeader)).toHaveLength(1)
  return (views[0]?.voters ?? []).map(({ id }) => id).sort()
}

describe('a change of the cluster key', () => {
  test('node by node, in three rounds: the database serves throughout, and the old key is worth nothing after', async () => {
    const replicas: Replica[] = [...(await bench.cluster({ security: testSecurity('old') }))]
    await makeTable(replicas)
    let value = 0
    for (const round of [['old', 'new'], ['new', 'old'], ['new']]) {
      for (const at of [0, 1, 2]) {
        const before = replicas[at]
        if (before === undefined) throw new Error('no replica')
        await before.process.stop()
        await write(
          replicas.filter((_, index) => index !== at),
          ++value,
        )
        const after = successor(before, testSecurity(...round))
        after.process.start()
        await isReady(after)
        replicas[at] = after
      }
    }
    expect(await votersOf(replicas)).toEqual(['one', 'three', 'two'])
    for (const replica of replicas) {
      expect(await rowsOf(replica)).toEqual(Array.from({ length: value }, (_, index) => index + 1))
      const auth = await readFile(join(replica.spec.directory, 'security', 'auth.json'), 'utf8')
      expect(JSON.parse(auth)).toHaveLength(1)
    }
  })

  test('a process that was left behind under other keys, or for an earlier history, is not adopted but replaced', async () => {
    const spec = await bench.spec('one', { security: testSecurity('old') })
    const before = { spec, process: bench.create(spec) }
    before.process.start()
    await isReady(before)
    const { pid } = before.process.state
    before.process.detach()
    const after = successor(before, testSecurity('new', 'old'))
    after.process.start()
    await isReady(after)
    expect(after.process.state).toMatchObject({ adopted: false })
    expect(after.process.state.pid).not.toBe(pid)
    const adoptable = after.process.state.pid
    const last = successor(after, testSecurity('new', 'old'))
    after.process.detach()
    last.process.start()
    await isReady(last)
    expect(last.process.state).toMatchObject({ adopted: true, pid: adoptable })
    last.process.detach()
    const ofLaterHistory = successor(last, testSecurity('new', 'old'), 1)
    ofLaterHistory.process.start()
    await isReady(ofLaterHistory)
    expect(ofLaterHistory.process.state).toMatchObject({ adopted: false })
  })
})

describe('a cluster that was made without protection', () => {
  test('is brought over node by node: it rests while neither kind has a majority, and loses nothing', async () => {
    const { security: _, ...open } = await bench.spec('template')
    const replicas: Replica[] = [...(await plainCluster(open))]
    await makeTable(replicas)
    await write(replicas, 1)
    const [first, second, third] = replicas as [Replica, Replica, Replica]
    const one = await restart(first, testSecurity('key'))
    await write([second, third], 2)
    const two = await restart(second, testSecurity('key'))
    await isReady(one)
    await isReady(two)
    await write([one, two], 3)
    expect((await third.process.client.status()).isLeader).toBe(false)
    const three = await restart(third, testSecurity('key'))
    await isReady(three)
    await write([one, two, three], 4)
    expect(await votersOf([one, two, three])).toEqual(['one', 'three', 'two'])
    for (const replica of [one, two, three]) expect(await rowsOf(replica)).toEqual([1, 2, 3, 4])
  })

  test('its processes are not adopted: they are stopped and started protected', async () => {
    const { security: _, ...spec } = await bench.spec('one')
    const before = { spec, process: bench.create(spec) }
    before.process.start()
    await isReady(before)
    await makeTable([before])
    await write([before], 7)
    const { pid } = before.process.state
    before.process.detach()
    const after = successor(before, testSecurity('key'))
    after.process.start()
    await isReady(after)
    expect(after.process.state.adopted).toBe(false)
    expect(after.process.state.pid).not.toBe(pid)
    expect((await fetch(`http://127.0.0.1:${spec.httpPort}/status`)).status).toBe(401)
    expect(await rowsOf(after)).toEqual([7])
  })
})

describe('a certificate', () => {
  test('is renewed before it ends, by a new process of the same member', async () => {
    const spec = await bench.spec('one', { certificateLifetimeMs: 8_000 })
    const replica = { spec, process: bench.create(spec) }
    replica.process.start()
    await isReady(replica)
    await makeTable([replica])
    await write([replica], 1)
    const { pid } = replica.process.state
    const file = join(spec.directory, 'security', 'node.crt')
    const certificate = await readFile(file, 'utf8')
    await eventually(
      'a new process is ready',
      () => replica.process.state.phase === 'ready' && replica.process.state.pid !== pid,
      60_000,
    )
    expect(await readFile(file, 'utf8')).not.toBe(certificate)
    expect(replica.process.state.error).toBeUndefined()
    expect(await rowsOf(replica)).toEqual([1])
  })
})

/** Three replicas as versions before this one started them. */
const plainCluster = async (open: Omit<ReplicaSpec, 'security'>): Promise<readonly Replica[]> => {
  const specs = await Promise.all(['one', 'two', 'three'].map(async (name) => ({ ...(await bench.spec(name)) })))
  const addresses = [`${specs[0]?.raftHost}:${specs[0]?.raftPort}`]
  const replicas = specs.map(({ raftId, directory, httpPort, raftPort }, index): Replica => {
    const start = index === 0 ? ({ kind: 'bootstrap' } as const) : ({ kind: 'join', addresses } as const)
    const spec = { ...open, raftId, directory, httpPort, raftPort, start }
    return { spec, process: bench.create(spec) }
  })
  for (const { process } of replicas) process.start()
  await Promise.all(replicas.map(isReady))
  return replicas
}
