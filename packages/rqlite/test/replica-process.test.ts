import { readFile, readlink, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { hasRaftState, type RaftView, type ReplicaProcess, type RqliteBinary, raftStateOf } from '../src/index.js'
import { eventually } from './support/eventually.js'
import { createReplicaBench, type ReplicaBench } from './support/replica-bench.js'
import { binaryUnderTest } from './support/rqlited.js'

let binary: RqliteBinary
let bench: ReplicaBench

beforeAll(async () => {
  binary = await binaryUnderTest()
})
beforeEach(async () => {
  bench = await createReplicaBench(binary)
})
afterEach(() => bench.dispose())

const ready = (process: ReplicaProcess): Promise<void> => process.ready(AbortSignal.timeout(12_000))
const pidOf = (process: ReplicaProcess): number => process.state.pid ?? 0
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('one replica', () => {
  test('bootstraps, serves, and stops by SIGTERM', async () => {
    const spec = await bench.spec('one')
    const replica = bench.create(spec)
    expect(await hasRaftState(spec.directory)).toBe(false)
    replica.start()
    await ready(replica)
    expect(await raftStateOf(spec.directory)).toBe('member')
    expect((await stat(spec.directory)).mode & 0o777).toBe(0o700)
    expect((await stat(join(spec.directory, 'process.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(spec.directory, 'rqlited.log'))).mode & 0o777).toBe(0o600)
    const pid = pidOf(replica)
    await replica.stop()
    expect(replica.state).toMatchObject({ phase: 'stopped', pid: undefined, error: undefined })
    expect(isAlive(pid)).toBe(false)
  })

  test('comes back with its rows after a kill -9, as a restart and not as a second bootstrap', async () => {
    const replica = bench.create(await bench.spec('one'))
    replica.start()
    await ready(replica)
    await replica.client.execute([{ sql: 'CREATE TABLE t (a)' }, { sql: 'INSERT INTO t VALUES (7)' }])
    const pid = pidOf(replica)
    process.kill(pid, 'SIGKILL')
    await eventually('a new process is ready', () => replica.state.phase === 'ready' && pidOf(replica) !== pid)
    expect(replica.state).toMatchObject({ launches: 2, error: undefined })
    const { results } = await replica.client.query([{ sql: 'SELECT a FROM t' }])
    expect(results[0]?.rows).toEqual([[7]])
  })

  test('stops one that does not listen with SIGKILL after the grace', async () => {
    const replica = bench.create(await bench.spec('one'))
    replica.start()
    await ready(replica)
    const pid = pidOf(replica)
    process.kill(pid, 'SIGSTOP')
    await replica.stop({ graceMs: 100 })
    expect(replica.state.phase).toBe('stopped')
    expect(isAlive(pid)).toBe(false)
  })

  test('starts again after a stop, also when asked while still stopping', async () => {
    const replica = bench.create(await bench.spec('one'))
    replica.start()
    await ready(replica)
    const first = pidOf(replica)
    void replica.stop()
    replica.start()
    await eventually('restarted', () => replica.state.phase === 'ready' && pidOf(replica) !== first)
    expect(isAlive(first)).toBe(false)
  })

  test('gives up with the words of rqlited when its port is taken', async () => {
    const spec = await bench.spec('one')
    const thief = createServer().listen(spec.raftPort, '127.0.0.1')
    try {
      const restart = { baseMs: 10, maxQuickFailures: 2 }
      const replica = bench.create(spec, { restart })
      replica.start()
      await expect(ready(replica)).rejects.toMatchObject({
        code: 'RQLITED_START_FAILED',
        message: expect.stringMatching(new RegExp(`${spec.raftPort}.*address already in use`, 's')),
      })
      expect(replica.state).toMatchObject({ phase: 'failed', launches: 2, pid: undefined })
    } finally {
      await new Promise((resolve) => thief.close(resolve))
    }
  })

  test('ready tells what hindered it when the caller gives up waiting', async () => {
    const spec = await bench.spec('one', { start: { kind: 'join', addresses: ['127.0.0.1:1'] } })
    const replica = bench.create(spec)
    replica.start()
    await expect(replica.ready(AbortSignal.timeout(200))).rejects.toMatchObject({ code: 'CANCELLED' })
    await replica.stop()
  })
})

describe('what a directory allows', () => {
  test('no bootstrap or join where there is a member, no restart where there is none', async () => {
    const spec = await bench.spec('one')
    const first = bench.create(spec)
    first.start()
    await ready(first)
    await first.stop()
    const refused = { code: 'RQLITED_REFUSED' }
    for (const start of [{ kind: 'bootstrap' }, { kind: 'join', addresses: ['127.0.0.1:1'] }] as const) {
      const again = bench.create({ ...spec, start })
      again.start()
      await expect(ready(again)).rejects.toMatchObject(refused)
      expect(again.state).toMatchObject({ phase: 'failed', pid: undefined })
    }
    const elsewhere = bench.create({ ...spec, start: { kind: 'restart' }, clusterId: 'd'.repeat(32) })
    elsewhere.start()
    await expect(ready(elsewhere)).rejects.toMatchObject(refused)
    const back = bench.create({ ...spec, start: { kind: 'restart' } })
    back.start()
    await ready(back)
    await back.stop()
    await rm(spec.directory, { recursive: true })
    const gone = bench.create({ ...spec, start: { kind: 'restart' } })
    gone.start()
    await expect(ready(gone)).rejects.toMatchObject(refused)
    // The object that once saw a member must not found a second cluster either.
    first.start()
    await expect(ready(first)).rejects.toMatchObject(refused)
  })
})

describe('adoption', () => {
  test('is possible since a process has its own group, out of reach of Ctrl-C, and writes to a file', async () => {
    const spec = await bench.spec('one')
    const replica = bench.create(spec)
    replica.start()
    await ready(replica)
    const pid = pidOf(replica)
    const fields = (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1]?.split(' ')
    expect(fields?.[2]).toBe(String(pid))
    for (const fd of [1, 2]) expect(await readlink(`/proc/${pid}/fd/${fd}`)).toBe(join(spec.directory, 'rqlited.log'))
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8')
    expect(environment.split('\0').filter((entry) => entry !== '')).toEqual(['TZ=UTC'])
  })

  test('goes on with the process that an earlier run left behind, and stops and replaces it like its own', async () => {
    const spec = await bench.spec('one')
    const before = bench.create(spec)
    before.start()
    await ready(before)
    const pid = pidOf(before)
    before.detach()
    expect(isAlive(pid)).toBe(true)

    const after = bench.create({ ...spec, start: { kind: 'restart' } })
    after.start()
    await ready(after)
    expect(after.state).toMatchObject({ pid, adopted: true })

    process.kill(pid, 'SIGKILL')
    await eventually('replaced', () => after.state.phase === 'ready' && pidOf(after) !== pid)
    expect(after.state.adopted).toBe(false)

    const second = pidOf(after)
    after.detach()
    const last = bench.create({ ...spec, start: { kind: 'restart' } })
    last.start()
    await ready(last)
    expect(last.state).toMatchObject({ pid: second, adopted: true })
    await last.stop()
    expect(isAlive(second)).toBe(false)
  })

  test('stops a process of ours that runs with other ports, before it starts one on its directory', async () => {
    const spec = await bench.spec('one')
    const before = bench.create(spec)
    before.start()
    await ready(before)
    const pid = pidOf(before)
    before.detach()
    const moved = await bench.spec('one', { start: { kind: 'restart' } })
    const after = bench.create({ ...moved, raftPort: spec.raftPort })
    after.start()
    await ready(after)
    expect(isAlive(pid)).toBe(false)
    expect(after.state.adopted).toBe(false)
  })

  test('finds a process that was started but not yet recorded', async () => {
    const spec = await bench.spec('one')
    const before = bench.create(spec)
    before.start()
    await ready(before)
    const pid = pidOf(before)
    before.detach()
    await rm(join(spec.directory, 'process.json'))
    const after = bench.create({ ...spec, start: { kind: 'restart' } })
    after.start()
    await ready(after)
    expect(isAlive(pid)).toBe(false)
  })
})

describe('three replicas', () => {
  test('one bootstraps, two join; a follower tells who leads, and a killed leader is replaced', async () => {
    const [one, two, three] = await bench.cluster()
    const view = await one.process.client.status()
    expect(view.isLeader).toBe(true)
    expect(view.voters.map(({ id }) => id).sort()).toEqual(['one', 'three', 'two'])
    expect(view.configurationIndex).toBeGreaterThan(0)
    const follower = await two.process.client.status()
    expect(follower).toMatchObject({ isLeader: false, leaderId: 'one' })
    await expect(two.process.client.execute([{ sql: 'CREATE TABLE no (a)' }])).rejects.toMatchObject({
      code: 'NOT_LEADER',
      details: { outcome: 'notApplied' },
    })
    await one.process.client.execute([{ sql: 'CREATE TABLE t (a)' }, { sql: 'INSERT INTO t VALUES (1)' }])
    const nodes = await one.process.client.nodes()
    expect(nodes.filter(({ reachable }) => reachable)).toHaveLength(3)

    process.kill(pidOf(one.process), 'SIGSTOP')
    const others = [two.process.client, three.process.client]
    const views = (): Promise<readonly RaftView[]> => Promise.all(others.map((client) => client.status()))
    await eventually('another leads', async () => (await views()).some(({ isLeader }) => isLeader))
    const leader = (await views())[0]?.isLeader === true ? two : three
    await eventually('it writes', async () => {
      const [result] = await leader.process.client.execute([{ sql: 'INSERT INTO t VALUES (2)' }]).catch(() => [])
      return result?.rowsAffected === 1
    })
    await leader.process.client.remove('one')
    await eventually('removed', async () => (await leader.process.client.status()).voters.length === 2)
  })
})
