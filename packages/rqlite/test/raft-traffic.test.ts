import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { hostAndPort, type ReplicaSpec, type RqliteBinary } from '../src/index.js'
import { eventually } from './support/eventually.js'
import { freePorts } from './support/free-ports.js'
import { createRaftTap, type RaftTap } from './support/raft-tap.js'
import { createReplicaBench, type Replica, type ReplicaBench } from './support/replica-bench.js'
import { binaryUnderTest } from './support/rqlited.js'
import { testSecurity } from './support/test-security.js'

const MARKS = ['a-table-of-secrets', 'a-value-of-a-row', 'a-value-of-a-snapshot'] as const

/** Many starts one after the other, on a machine that may be busy. */
jest.setTimeout(90_000)

let binary: RqliteBinary
let bench: ReplicaBench
let tap: RaftTap
beforeAll(async () => {
  binary = await binaryUnderTest()
})
beforeEach(async () => {
  tap = createRaftTap()
  bench = await createReplicaBench(binary, tap.change)
})
afterEach(async () => {
  await bench.dispose()
  await tap.close()
})

/** What a database's replicas say to each other: by log, by forwarded requests, and by a snapshot to a newcomer. */
const conversation = async (over: Partial<ReplicaSpec>): Promise<Buffer> => {
  const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((name) => bench.spec(name)))
  if (one === undefined || two === undefined || three === undefined) throw new Error('no specs')
  const hiddenPorts = await freePorts(3)
  await tap.open([one, two, three].map(({ raftPort }, index) => [raftPort, hiddenPorts[index] ?? 0] as const))
  const start = { kind: 'join', addresses: [hostAndPort(one.raftHost, one.raftPort)] } as const
  const [first, second, newcomer] = [one, { ...two, start }, { ...three, start }].map(
    ({ security: _, ...spec }): Replica => ({
      spec: { ...spec, ...over },
      process: bench.create({ ...spec, ...over }),
    }),
  )
  if (first === undefined || second === undefined || newcomer === undefined) throw new Error('no replicas')
  const up = async ({ process }: Replica): Promise<void> => {
    process.start()
    await process.ready(AbortSignal.timeout(12_000))
  }
  await up(first)
  await up(second)
  const [table, row, snapshot] = MARKS
  // Forwarded by the one that does not lead; which one that is may change at any time.
  const write = (sql: string): Promise<void> =>
    eventually(sql, async () => {
      const results = [first, second].map(({ process }) => process.client.execute([{ sql }], { forward: true }))
      return (await Promise.allSettled(results)).every(({ status }) => status === 'fulfilled')
    })
  await write(`CREATE TABLE IF NOT EXISTS "${table}" (a UNIQUE)`)
  await write(`INSERT OR IGNORE INTO "${table}" VALUES ('${snapshot}')`)
  await first.process.client.snapshot()
  await write(`INSERT OR IGNORE INTO "${table}" VALUES ('${row}')`)
  await up(newcomer)
  await eventually('the newcomer has the rows', async () => {
    const query = newcomer.process.client.query([{ sql: `SELECT count(*) FROM "${table}"` }], { level: 'none' })
    return (await query).results[0]?.rows[0]?.[0] === 2
  })
  return tap.heard()
}

const marksIn = (bytes: Buffer): readonly string[] => MARKS.filter((mark) => bytes.includes(mark))

describe('what replicas say to each other', () => {
  test('can be read by who sits on the way, where nothing protects it', async () => {
    const heard = await conversation({})
    expect(marksIn(heard)).toEqual(expect.arrayContaining([MARKS[0], MARKS[1]]))
  })

  test('holds no word of a row, a table or a credential, where it is protected', async () => {
    const security = testSecurity('key')
    const heard = await conversation({ security })
    expect(heard.length).toBeGreaterThan(1_000)
    expect(marksIn(heard)).toEqual([])
    const [{ username, password }] = security.credentials('c'.repeat(32))
    expect([username, password, 'INSERT'].filter((word) => heard.includes(word))).toEqual([])
  })
})
