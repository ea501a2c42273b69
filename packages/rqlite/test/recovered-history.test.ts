import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { prepareHistory, writeRecoveryPeers } from '../src/host/histories.js'
import { hostAndPort, type ReplicaSpec, type RqliteBinary } from '../src/index.js'
import { eventually } from './support/eventually.js'
import { addressOf, createHostBench, type HostBench, NAME, type TestHost } from './support/host-bench.js'
import { createReplicaBench, type Replica, type ReplicaBench } from './support/replica-bench.js'
import { binaryUnderTest } from './support/rqlited.js'

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

const again = ({ spec }: Replica, over: Partial<ReplicaSpec>): Replica => {
  const next: ReplicaSpec = { ...spec, ...over }
  const process = bench.create(next)
  process.start()
  return { spec: next, process }
}

const write = (replica: Replica, n: number) =>
  replica.process.client.execute([{ sql: 'INSERT OR IGNORE INTO rows VALUES (?)', params: [n] }])

const rows = async (replica: Replica): Promise<unknown> => {
  const { results } = await replica.process.client.query([{ sql: 'SELECT n FROM rows ORDER BY n' }], { level: 'none' })
  return results[0]?.rows.flat()
}

describe('a replica that was recovered alone', () => {
  test('keeps what it wrote when the others come back as a majority that knows nothing of it', async () => {
    const replicas = await bench.cluster()
    await replicas[0].process.client.execute([{ sql: 'CREATE TABLE rows (n INTEGER PRIMARY KEY)' }])
    await write(replicas[0], 1)
    await Promise.all(replicas.map(({ process }) => process.stop()))

    const { spec } = replicas[0]
    const peers = [{ id: spec.raftId, address: hostAndPort(spec.raftHost, spec.raftPort) }]
    await writeRecoveryPeers(spec.directory, peers)
    const alone = again(replicas[0], { recovery: 1, start: { kind: 'recover', peers } })
    await alone.process.ready(AbortSignal.timeout(45_000))
    await write(alone, 2)

    const [two, three] = [replicas[1], replicas[2]].map((replica) => again(replica, { start: { kind: 'restart' } }))
    if (two === undefined || three === undefined) throw new Error('there are three')
    await Promise.all([two, three].map(({ process }) => process.ready(AbortSignal.timeout(45_000))))
    // Raft replicates to all at once: by when one has them, the recovered one would have been asked, too.
    await eventually('one of them leads', async () => {
      const [first, second] = await Promise.allSettled([write(two, 3), write(three, 3)])
      return first.status === 'fulfilled' || second.status === 'fulfilled'
    })
    await eventually('both have it', async () => String([await rows(two), await rows(three)]) === '1,3,1,3')
    await write(alone, 6)
    expect(await rows(alone)).toEqual([1, 2, 6])
  })
})

describe('the history that a directory is of', () => {
  let hosts: HostBench
  let all: readonly [TestHost, TestHost, TestHost]
  beforeEach(async () => {
    hosts = await createHostBench(binary)
    all = await hosts.cluster()
    await Promise.all(all.map(({ host }) => host.halt(NAME)))
  })
  afterEach(() => hosts.dispose())

  const alone = ({ assignment }: TestHost) => [
    { id: assignment.raftId, address: `${assignment.host}:${assignment.raftPort}` },
  ]
  const recoveryTold = ({ told }: TestHost): unknown => told.findLast(({ what }) => what === 'ready')?.detail
  const directoryOf = ({ dataDir }: TestHost): string => join(dataDir, NAME)

  test('is the old one where a recovery was ordered, and its node died before rqlited began', async () => {
    const [one, two, three] = all
    const start = { kind: 'recover', peers: alone(one) } as const
    const ended: string[] = []
    const stopStrays = async (): Promise<void> => void ended.push('ended')
    expect(await prepareHistory(directoryOf(one), { start, recovery: 1, stopStrays })).toBe(1)
    await Promise.all([one, two, three].map((host) => host.bring({ kind: 'restart' })))
    expect(recoveryTold(one)).toBe('0')
    await eventually('one of the three leads all', async () => {
      const views = await Promise.all(all.map(({ host }) => host.proveVoters(NAME)))
      return views.every((view) => view?.voters.length === 3 && view.leaderId === views[0]?.leaderId)
    })
  })

  test('is the new one from then on, whatever a start says, and also where nobody came to note it', async () => {
    const [one] = all
    one.recovery = 1
    await one.bring({ kind: 'recover', peers: alone(one) })
    expect(recoveryTold(one)).toBe('1')
    one.recovery = 0
    await one.host.halt(NAME)
    await one.bring({ kind: 'restart' })
    expect(recoveryTold(one)).toBe('1')
    await one.host.halt(NAME)
    await rm(join(directoryOf(one), 'history.json'))
    await writeFile(join(directoryOf(one), 'recover.json'), '{"recovery":1}')
    await one.bring({ kind: 'restart' })
    expect(recoveryTold(one)).toBe('1')
  })

  test('is that of the cluster that a newcomer comes into', async () => {
    const [one] = all
    one.recovery = 1
    await one.bring({ kind: 'recover', peers: alone(one) })
    const four = (await hosts.hosts(4))[3]
    if (four === undefined) throw new Error('there are four')
    four.recovery = 1
    await four.bring({ kind: 'warm' }, 'warmed')
    await four.bring({ kind: 'join', addresses: [addressOf(one)] })
    expect(recoveryTold(four)).toBe('1')
    four.recovery = 0
    await four.host.halt(NAME)
    await four.bring({ kind: 'restart' })
    expect(recoveryTold(four)).toBe('1')
  })
})
