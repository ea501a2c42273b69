import {
  type ClientResponse,
  DbClusterError,
  type ErrorCode,
  type ForwardRequest,
  type Operation,
} from '@dbcluster/protocol'
import type { RaftView, RqliteClient, RqliteResult } from '@dbcluster/rqlite'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { LocalReplica } from '../src/index.js'
import { type Answer, CREDENTIAL, createWorld, HERE, raftIdOf, recordOf, type WorldInit } from './support/world.js'

const NODES = ['nodeA', 'nodeB', HERE]
const database = 'users'
const WRITE: Operation = { op: 'execute', database, statement: { sql: 'UPDATE t SET a = 1' } }
const READ: Operation = { op: 'query', database, statement: { sql: 'SELECT a FROM t' } }

const answered = (result: unknown, servedBy: string): ClientResponse => ({
  ok: true,
  result,
  meta: { servedBy, durationMs: 1, consistency: 'weak' },
})
const refused = (code: ErrorCode): ClientResponse => ({ ok: false, error: { code, message: `it said ${code}` } })

const RESULT: RqliteResult = { columns: ['a'], types: ['integer'], rows: [[1]], rowsAffected: 1, lastInsertId: 0 }

interface FakeReplica {
  readonly leaderId?: string | undefined
  readonly term?: () => number
  readonly status?: () => Promise<void>
  readonly execute?: () => Promise<readonly RqliteResult[]>
  readonly prove?: () => Promise<void>
  readonly ready?: () => boolean
}

/** A local replica that says what it is told to; counts how often it was asked. */
const fakeReplica = (fake: FakeReplica): LocalReplica & { readonly calls: string[] } => {
  const calls: string[] = []
  const view = (): RaftView => ({
    raftId: 'raft-here',
    isLeader: fake.leaderId === 'raft-here',
    leaderId: fake.leaderId,
    leaderAddress: undefined,
    term: fake.term?.() ?? 2,
    lastLogIndex: 1,
    lastLogTerm: 1,
    commitIndex: 1,
    appliedIndex: 1,
    fsmIndex: 1,
    snapshotIndex: 0,
    configurationIndex: 1,
    servers: [],
    voters: [],
  })
  const client: Partial<RqliteClient> = {
    status: async () => {
      calls.push('status')
      await fake.status?.()
      return view()
    },
    readThroughRaft: async () => {
      calls.push('prove')
      await fake.prove?.()
    },
    ready: async () => {
      calls.push('ready')
      return fake.ready?.() ?? true
    },
    query: async (statements) => {
      calls.push('query')
      return { results: statements.map(() => RESULT), consistency: 'weak' }
    },
    execute: async () => {
      calls.push('execute')
      return (await fake.execute?.()) ?? [RESULT]
    },
  }
  const capabilities = { blobParameters: 'inline', hexTextIsBlob: false } as LocalReplica['capabilities']
  return { client: client as RqliteClient, capabilities, raftId: 'raft-here', incarnation: '1', calls }
}

/** Answers in turn; the last one goes on. Remembers who was asked what. */
const scripted = (
  steps: readonly (ClientResponse | DbClusterError)[],
): { asked: [string, ForwardRequest][]; answer: Answer } => {
  const asked: [string, ForwardRequest][] = []
  const answer: Answer = (peerId, message) => {
    const step = steps[Math.min(asked.length, steps.length - 1)]
    asked.push([peerId, message as ForwardRequest])
    if (step instanceof DbClusterError) throw step
    return step
  }
  return { asked, answer }
}

const world = (init: Omit<WorldInit, 'records'>, nodes = NODES): ReturnType<typeof createWorld> =>
  createWorld({ records: [recordOf('app_users', nodes)], ...init })

describe('a node without a replica', () => {
  const nodes = ['nodeA', 'nodeB']

  test('passes a request on without its credential, one hop further, and remembers who served it', async () => {
    const { asked, answer } = scripted([refused('NOT_LEADER'), answered({ rowsAffected: 1, lastInsertId: 0 }, 'nodeB')])
    const { ask, components } = world({ answer, principal: { databases: ['users'] } }, nodes)
    const first = await ask(WRITE)
    expect(first).toMatchObject({ ok: true, result: { rowsAffected: 1 }, meta: { servedBy: 'nodeB', attempts: 2 } })
    await ask(WRITE)
    expect(asked.map(([peerId]) => peerId)).toEqual(['nodeA', 'nodeB', 'nodeB'])
    const [, message] = asked[0] ?? []
    expect(message).toMatchObject({ hops: 1, principal: { app: 'app', databases: ['users'] } })
    expect(JSON.stringify(message)).not.toContain(CREDENTIAL)
    expect(components.network.connectedPeers()).toEqual(nodes)
  })

  const unknown = new DbClusterError('OUTCOME_UNKNOWN', 'the connection was lost')
  const retries: readonly (readonly [string, Operation, ClientResponse | DbClusterError, boolean])[] = [
    ['a write that certainly was not applied', WRITE, refused('NO_LEADER'), true],
    ['a write to a node that could not be reached', WRITE, new DbClusterError('NODE_UNREACHABLE', 'gone'), true],
    ['a write to a node that is stopping', WRITE, refused('SHUTTING_DOWN'), true],
    ['a write whose outcome is unknown to the network', WRITE, unknown, false],
    ['a write whose outcome is unknown to the other node', WRITE, refused('OUTCOME_UNKNOWN'), false],
    ['a write that SQLite refused', WRITE, refused('SQLITE_CONSTRAINT_UNIQUE'), false],
    ['a write that failed unexpectedly', WRITE, refused('INTERNAL'), false],
    ['a read whose answer was lost', READ, unknown, true],
    [
      'a read by execute whose answer was lost',
      { op: 'execute', database, statement: { sql: 'SELECT 1' } },
      unknown,
      true,
    ],
    ['a level that is not there', READ, refused('CONSISTENCY_UNSUPPORTED'), false],
  ]
  test.each(retries)('tries again or not: %s', async (_, operation, step, again) => {
    const { asked, answer } = scripted([step, answered({ columns: [], rows: [] }, 'nodeA')])
    const response = await world({ answer }, nodes).ask(operation)
    expect([response.ok, asked.length]).toEqual([again, again ? 2 : 1])
  })

  test('a write whose time is over after it was sent has an unknown outcome, a read has timed out', async () => {
    const hang: Answer = (_, __, signal) =>
      new Promise((___, reject) => {
        signal?.addEventListener('abort', () => reject(new DbClusterError('CANCELLED', 'given up')), { once: true })
      })
    const { result } = world({ answer: hang }, nodes)
    await expect(result(WRITE, { timeoutMs: 40 })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    await expect(result(READ, { timeoutMs: 40 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('the other node gets less time than there is, so that its answer comes first', async () => {
    const { asked, answer } = scripted([answered({}, 'nodeA')])
    await world({ answer }, nodes).ask(WRITE, { timeoutMs: 5_000 })
    const timeoutMs = asked[0]?.[1].request.timeoutMs ?? 0
    expect(timeoutMs).toBeLessThan(5_000)
    expect(timeoutMs).toBeGreaterThan(4_000)
  })

  test('nobody there is said with a hint when the time is over, and never as a timeout', async () => {
    const { result } = world({}, nodes)
    await expect(result(WRITE, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      hint: expect.stringMatching(/nothing was applied/),
      details: { lastCode: 'NODE_UNREACHABLE' },
    })
  })

  test('a database without a leader is said to have none', async () => {
    const { answer } = scripted([refused('NO_LEADER')])
    const { result } = world({ answer }, nodes)
    await expect(result(WRITE, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'NO_LEADER' })
  })

  test('a request that came from another node is not passed on by one that has no replica', async () => {
    const { asked, answer } = scripted([answered({}, 'nodeA')])
    const { result, ensured } = world({ answer }, nodes)
    await expect(result(WRITE, { hops: 1 })).rejects.toMatchObject({ code: 'NOT_REPLICA' })
    await expect(result({ ...WRITE, database: 'unknown' }, { hops: 1 })).rejects.toMatchObject({ code: 'NOT_REPLICA' })
    expect([asked, ensured]).toEqual([[], []])
  })
})

describe('a node with a replica', () => {
  test('serves what its leader may, and passes the rest on to the leader', async () => {
    const { asked, answer } = scripted([answered({ rowsAffected: 1, lastInsertId: 0 }, 'nodeB')])
    const leader = fakeReplica({ leaderId: 'raft-here' })
    expect(await world({ answer, replicas: { app_users: leader } }).ask(WRITE)).toMatchObject({
      meta: { servedBy: HERE },
    })
    const follower = fakeReplica({ leaderId: raftIdOf('nodeB') })
    const behind = world({ answer, replicas: { app_users: follower } })
    expect(await behind.ask(WRITE)).toMatchObject({ meta: { servedBy: 'nodeB' } })
    expect(await behind.ask({ ...READ, consistency: 'none' } as Operation)).toMatchObject({ meta: { servedBy: HERE } })
    expect(asked.map(([peerId]) => peerId)).toEqual(['nodeB'])
  })

  test('passes on once more what came from another node, and no further', async () => {
    const { asked, answer } = scripted([answered({}, 'nodeB')])
    const follower = fakeReplica({ leaderId: raftIdOf('nodeB') })
    const { ask, result } = world({ answer, replicas: { app_users: follower } })
    expect(await ask(WRITE, { hops: 1 })).toMatchObject({ ok: true })
    expect(asked[0]?.[1].hops).toBe(2)
    await expect(result(READ, { hops: 2 })).rejects.toMatchObject({ code: 'NOT_LEADER' })
    expect(asked).toHaveLength(1)
  })

  test('asks the other replicas in turn while its own knows no leader', async () => {
    const { asked, answer } = scripted([refused('NO_LEADER'), answered({}, 'nodeB')])
    const replica = fakeReplica({
      execute: async () => {
        throw new DbClusterError('NO_LEADER', 'leader not found', { details: { outcome: 'notApplied' } })
      },
    })
    const response = await world({ answer, replicas: { app_users: replica } }).ask(WRITE)
    expect(response).toMatchObject({ ok: true, meta: { servedBy: 'nodeB', attempts: 3 } })
    expect(asked.map(([peerId]) => peerId)).toEqual(['nodeA', 'nodeB'])
  })

  test('a replica that does not answer a look within its limit is no timeout of the caller', async () => {
    const { answer } = scripted([answered({ columns: [], rows: [] }, 'nodeA')])
    const replica = fakeReplica({
      status: async () => {
        throw new DbClusterError('TIMEOUT', 'no answer within 2000 ms')
      },
    })
    expect(await world({ answer, replicas: { app_users: replica } }).ask(READ)).toMatchObject({
      meta: { servedBy: 'nodeA' },
    })
  })
})

describe('a read at the level none', () => {
  const READ_ANY = { ...READ, consistency: 'none' } as Operation

  test('is left to the other replicas until the own one has applied its log, of which it is asked once per process', async () => {
    const { asked, answer } = scripted([answered({ columns: [], rows: [] }, 'nodeA')])
    let applied = false
    const replica = fakeReplica({ ready: () => applied })
    const { ask } = world({ answer, replicas: { app_users: replica } })
    expect(await ask(READ_ANY)).toMatchObject({ meta: { servedBy: 'nodeA', attempts: 2 } })
    expect([asked.length, replica.calls]).toEqual([1, ['ready']])
    applied = true
    for (let n = 0; n < 3; n++) expect(await ask(READ_ANY)).toMatchObject({ meta: { servedBy: HERE } })
    expect(replica.calls).toEqual(['ready', 'ready', 'query', 'query', 'query'])
  })

  test('asks a replica that took the place of another here, and was started as often, anew', async () => {
    const { answer } = scripted([answered({ columns: [], rows: [] }, 'nodeA')])
    const old = fakeReplica({})
    const replicas: Record<string, LocalReplica> = { app_users: old }
    const { ask } = world({ answer, replicas })
    expect(await ask(READ_ANY)).toMatchObject({ meta: { servedBy: HERE } })
    const newcomer = fakeReplica({ ready: () => false })
    replicas.app_users = { ...newcomer, incarnation: '2.1' }
    expect(await ask(READ_ANY)).toMatchObject({ meta: { servedBy: 'nodeA' } })
    expect(newcomer.calls).toEqual(['ready'])
  })

  test('is no empty answer where no replica has applied its log', async () => {
    const replica = fakeReplica({ ready: () => false })
    const { result } = world({ replicas: { app_users: replica } })
    await expect(result(READ_ANY, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
    expect(replica.calls).not.toContain('query')
  })
})

describe('a weak read', () => {
  test('takes one read through Raft per term, shared by all who wait, and one look at Raft for many', async () => {
    let term = 2
    const replica = fakeReplica({ leaderId: 'raft-here', term: () => term })
    const { ask } = world({ replicas: { app_users: replica } })
    const count = (call: string): number => replica.calls.filter((one) => one === call).length
    await Promise.all(Array.from({ length: 50 }, () => ask(READ)))
    expect([count('prove'), count('status'), count('query')]).toEqual([1, 1, 50])
    await ask(READ)
    expect(count('prove')).toBe(1)
    term = 3
    await new Promise((resolve) => setTimeout(resolve, 160))
    await ask(READ)
    expect(count('prove')).toBe(2)
  })

  test('is not served by a leader that cannot prove itself', async () => {
    let proofs = 0
    const replica = fakeReplica({
      leaderId: 'raft-here',
      prove: async () => {
        proofs += 1
        if (proofs === 1) throw new DbClusterError('NO_LEADER', 'leadership lost', { details: { outcome: 'unknown' } })
      },
    })
    const response = await world({ replicas: { app_users: replica } }).ask(READ)
    expect(response).toMatchObject({ ok: true, meta: { attempts: 2 } })
    expect(replica.calls.filter((call) => call !== 'status')).toEqual(['prove', 'prove', 'query'])
  })

  test('of a process that was started again is proved again', async () => {
    const replica = fakeReplica({ leaderId: 'raft-here' })
    const replicas: Record<string, LocalReplica> = { app_users: replica }
    const { ask } = world({ replicas })
    await ask(READ)
    replicas.app_users = { ...replica, incarnation: '2' }
    await ask(READ)
    expect(replica.calls.filter((call) => call === 'prove')).toHaveLength(2)
  })
})

describe('what several callers wait for together', () => {
  test('ends for none of them because another has gone', async () => {
    const replica = fakeReplica({ leaderId: 'raft-here' })
    let reads = 0
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const client: Partial<RqliteClient> = {
      ...replica.client,
      query: async (statements, options) => {
        reads += 1
        const gone = new Promise<never>((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new DbClusterError('CANCELLED', 'query: cancelled')))
        })
        await Promise.race([held, gone])
        const rows = [['table', 't', 't', 'CREATE TABLE t (a, b)']]
        return { results: statements.map(() => ({ ...RESULT, rows })), consistency: 'weak' }
      },
      execute: async (statements) => statements.map(() => RESULT),
    }
    const { ask } = world({ replicas: { app_users: { ...replica, client: client as RqliteClient } } })
    const insert: Operation = { op: 'execute', database: 'users', statement: { sql: 'INSERT INTO t(a) VALUES (1)' } }
    const caller = new AbortController()
    const first = ask(insert, { signal: caller.signal })
    const second = ask(insert)
    for (; reads === 0; ) await new Promise((resolve) => setTimeout(resolve, 5))
    caller.abort()
    expect(await first).toMatchObject({ ok: false, error: { code: 'CANCELLED' } })
    release()
    expect(await second).toMatchObject({ ok: true, result: { rowsAffected: 1 } })
    expect(reads).toBe(1)
  })
})

describe('a query that waits for a database to wake', () => {
  afterEach(() => void jest.useRealTimers())

  test.each<readonly [string, readonly string[], ErrorCode]>([
    ['most of its nodes are gone: that is what it is told', [], 'DATABASE_UNAVAILABLE'],
    ['enough of its nodes are there: it is waking', ['nodeA'], 'DATABASE_WAKING'],
  ])('too long, and %s', async (_how, connected, code) => {
    jest.useFakeTimers()
    const { ask, components } = world({ replicas: { app_users: fakeReplica({}) } })
    Object.assign(components.network, { connectedPeers: () => connected })
    components.gates.close('app_users')
    const answer = ask(READ, { timeoutMs: 30_000 })
    await jest.advanceTimersByTimeAsync(25_000)
    const response = await answer
    expect(response).toMatchObject({ ok: false, error: { code } })
    if (code === 'DATABASE_UNAVAILABLE')
      expect(response).toMatchObject({
        error: {
          message: expect.stringContaining('2 of the 3 nodes that hold it cannot be reached'),
          hint: expect.stringContaining('dbcluster db recover app_users'),
          details: { missing_nodes: ['nodeA', 'nodeB'], retry_after: 2 },
        },
      })
  })
})
