import {
  type DatabaseStatusResult,
  DbClusterError,
  encodeMessage,
  type ForwardRequest,
  type Operation,
  toErrorBody,
} from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { type Answer, CREDENTIAL, createWorld, HERE, recordOf } from './support/world.js'

const database = 'users'
const SELECT = { sql: 'SELECT 1' }

describe('who may do what', () => {
  const cases: readonly (readonly ['read' | 'write' | 'admin', Operation, string | undefined])[] = [
    ['read', { op: 'list' }, undefined],
    ['read', { op: 'networkStatus' }, undefined],
    ['read', { op: 'execute', database, statement: SELECT }, 'FORBIDDEN'],
    ['read', { op: 'createTable', database, schema: 'CREATE TABLE t (a)' }, 'FORBIDDEN'],
    ['write', { op: 'delete', database }, 'FORBIDDEN'],
    ['admin', { op: 'delete', database }, undefined],
    ['admin', { op: 'status', database: 'Users' }, 'INVALID_NAME'],
    ['admin', { op: 'status', database: '../users' }, 'INVALID_NAME'],
    ['admin', { op: 'open', database: 'other' }, 'FORBIDDEN'],
  ]
  test.each(cases)('scope %s: %j', async (scope, operation, code) => {
    const { ask } = createWorld({ records: [recordOf('app_users')], principal: { scope, databases: ['users'] } })
    const response = await ask(operation)
    expect(response.ok ? undefined : response.error.code).toBe(code)
  })

  test('a request without a known credential gets nowhere', async () => {
    const { ask, ensured } = createWorld()
    const response = await ask({ op: 'open', database }, { credential: 'other' })
    expect(response).toMatchObject({ ok: false, error: { code: 'UNAUTHENTICATED' } })
    expect(ensured).toEqual([])
  })

  test('an app sees its own databases, and of these the ones its credential names', async () => {
    const records = ['app_users', 'app_orders', 'app-b_users', 'apple_users'].map((name) => recordOf(name))
    expect(await createWorld({ records }).result({ op: 'list' })).toEqual({ databases: ['users', 'orders'] })
    const limited = createWorld({ records, principal: { databases: ['orders', 'absent'] } })
    expect(await limited.result({ op: 'list' })).toEqual({ databases: ['orders'] })
  })

  test('a forwarded request is held to the principal that came with it', async () => {
    const { ask } = createWorld({ records: [recordOf('app_users')], principal: { scope: 'read' } })
    expect(await ask({ op: 'delete', database }, { hops: 1 })).toMatchObject({ error: { code: 'FORBIDDEN' } })
    expect(await ask({ op: 'list' }, { hops: 3 })).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
  })
})

describe('what creates a database', () => {
  const creating: readonly Operation[] = [
    { op: 'open', database },
    { op: 'query', database, statement: SELECT },
    { op: 'execute', database, statement: SELECT },
    { op: 'batch', database, statements: [SELECT] },
    { op: 'transaction', database, statements: [SELECT] },
    { op: 'schema', database },
    { op: 'createTable', database, schema: 'CREATE TABLE t (a)' },
  ]
  test.each(creating)('$op does', async (operation) => {
    const { ask, ensured } = createWorld()
    await ask(operation, { timeoutMs: 50 })
    expect(ensured).toEqual(['app_users'])
  })

  const finding: readonly Operation[] = [
    { op: 'dropTable', database, table: 't' },
    { op: 'status', database },
    { op: 'locate', database },
    { op: 'delete', database },
  ]
  test.each(finding)('$op does not, and finds none', async (operation) => {
    const { ask, ensured, removed } = createWorld()
    expect(await ask(operation)).toMatchObject({ ok: false, error: { code: 'DATABASE_NOT_FOUND', request_id: 'r1' } })
    expect([...ensured, ...removed]).toEqual([])
  })

  test.each([
    [{ op: 'execute', database, statement: { sql: 'ATTACH x AS y' } }, 'SQL_FORBIDDEN'],
    [{ op: 'execute', database, statement: { sql: 'INSERT INTO t VALUES (?)', args: [] } }, 'INVALID_VALUE'],
    [{ op: 'query', database, statement: { sql: 'DELETE FROM t' } }, 'SQL_NOT_A_READ'],
    [{ op: 'transaction', database, statements: [SELECT, { sql: 'DELETE FROM t', assert: true }] }, 'SQL_NOT_A_READ'],
    [{ op: 'batch', database, statements: [SELECT, { sql: 'BEGIN' }] }, 'TX_INTERACTIVE_UNSUPPORTED'],
    [{ op: 'createTable', database, schema: 'SELECT 1' }, 'SQL_FORBIDDEN'],
    [{ op: 'dropTable', database, table: 'sqlite_schema' }, 'SQL_FORBIDDEN'],
  ] as [Operation, string][])('nothing that is refused does: %j', async (operation, code) => {
    const { ask, ensured } = createWorld()
    expect(await ask(operation)).toMatchObject({ ok: false, error: { code } })
    expect(ensured).toEqual([])
  })
})

describe('the status of a database', () => {
  const nodes = [HERE, 'nodeA', 'nodeB']
  const told = (peerId: string, leader: boolean): DatabaseStatusResult => ({
    database,
    status: 'active',
    cluster_id: 'c'.repeat(32),
    replication_factor: 3,
    replicas: [
      {
        peer_id: peerId,
        status: 'active',
        http_port: 5_001,
        raft_port: 7_001,
        leader,
        last_query: '2026-01-02T03:04:05.000Z',
      },
    ],
    rqlite_version: '8',
  })

  test('is put together from what each node says of its own replica', async () => {
    const asked: ForwardRequest[] = []
    const answer: Answer = (peerId, message) => {
      asked.push(message as ForwardRequest)
      if (peerId === 'nodeB') throw new DbClusterError('NODE_UNREACHABLE', 'gone')
      return { ok: true, result: told(peerId, true), meta: { servedBy: peerId, durationMs: 1 } }
    }
    const { result } = createWorld({ records: [recordOf('app_users', nodes)], answer })
    const status = await result<DatabaseStatusResult>({ op: 'status', database })
    expect(status.status).toBe('active')
    expect(status.replicas.map((one) => [one.peer_id, one.status, one.leader, one.last_query])).toEqual([
      [HERE, 'active', false, null],
      ['nodeA', 'active', true, '2026-01-02T03:04:05.000Z'],
      ['nodeB', 'unreachable', false, null],
    ])
    expect(asked.map(({ hops, request }) => [hops, request.operation.op, request.timeoutMs <= 1_000])).toEqual([
      [1, 'status', true],
      [1, 'status', true],
    ])
  })

  test('asked by another node is of the own replica only, and asks nobody', async () => {
    const asked: string[] = []
    const answer: Answer = (peerId) => {
      asked.push(peerId)
      return { ok: true, result: told(peerId, true), meta: { servedBy: peerId, durationMs: 1 } }
    }
    const { result } = createWorld({ records: [recordOf('app_users', nodes)], answer })
    const { replicas } = await result<DatabaseStatusResult>({ op: 'status', database }, { hops: 1 })
    expect([replicas.map((one) => one.peer_id), asked]).toEqual([[HERE], []])
  })

  test.each<readonly [string, readonly [string, string, string]]>([
    ['active', ['starting', 'active', 'active']],
    ['active', ['active', 'active', 'unreachable']],
    ['waking', ['starting', 'stopped', 'stopped']],
    ['waking', ['starting', 'active', 'unreachable']],
    ['waking', ['starting', 'stopped', 'unreachable']],
    ['unavailable', ['starting', 'unreachable', 'unreachable']],
    ['unavailable', ['starting', 'lost', 'failed']],
    ['unavailable', ['active', 'unreachable', 'unreachable']],
    ['unavailable', ['stopped', 'unreachable', 'unreachable']],
    ['hibernating', ['stopped', 'active', 'unreachable']],
  ])('is %s with its replicas %p', async (status, [own, ...others]) => {
    const answer: Answer = (peerId) => {
      const at = others[nodes.indexOf(peerId) - 1] ?? 'unreachable'
      if (at === 'unreachable') throw new DbClusterError('NODE_UNREACHABLE', 'gone')
      const { replicas, ...more } = told(peerId, false)
      const result = { ...more, replicas: replicas.map((replica) => ({ ...replica, status: at })) }
      return { ok: true, result, meta: { servedBy: peerId, durationMs: 1 } }
    }
    const record = recordOf('app_users', nodes)
    const value = { clusterId: 'c'.repeat(32), status: own as 'active' }
    const { result } = createWorld({ records: [{ ...record, replicas: { [HERE]: { value, clock: {} } } }], answer })
    expect(await result({ op: 'status', database })).toMatchObject({ status })
  })

  test('is unavailable when most of its nodes do not answer, creating before it is established', async () => {
    const record = recordOf('app_users', nodes)
    const { result, records } = createWorld({ records: [record] })
    expect(await result({ op: 'status', database })).toMatchObject({ status: 'unavailable' })
    records.set('app_users', { ...record, established: false })
    expect(await result({ op: 'status', database })).toMatchObject({ status: 'creating' })
    records.set('app_users', { ...record, deleted: true })
    await expect(result({ op: 'status', database })).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' })
  })
})

describe.each(['wake', 'hibernate'] as const)('to %s a database', (op) => {
  const records = [recordOf('app_users', ['nodeB', HERE, 'nodeA'])]
  const notReplica = new DbClusterError('NOT_REPLICA', 'this node holds no replica of it')
  const refusing = (refusals: Readonly<Record<string, DbClusterError>>) => {
    const asked: string[] = []
    const answer: Answer = (peerId, message) => {
      if ((message as ForwardRequest).request.operation.op !== op) throw new DbClusterError('NODE_UNREACHABLE', 'gone')
      asked.push(peerId)
      const refusal = refusals[peerId]
      if (refusal !== undefined) return { ok: false, error: toErrorBody(refusal) }
      return { ok: true, result: {}, meta: { servedBy: peerId, durationMs: 1 } }
    }
    const world = createWorld({ records, answer })
    const { coordinator } = world.components
    const here = async (): Promise<void> => {
      asked.push(HERE)
      if (refusals[HERE] !== undefined) throw refusals[HERE]
    }
    Object.assign(coordinator, { wake: here, hibernate: here })
    return { ...world, asked }
  }

  test('asks the other nodes only where its own replica is out of order', async () => {
    const { ask, asked } = refusing({})
    expect(await ask({ op, database })).toMatchObject({ ok: true })
    expect(asked).toEqual([HERE])
  })

  test('goes on to the next node where the one before holds no replica', async () => {
    const { ask, asked } = refusing({ [HERE]: notReplica, nodeA: notReplica })
    expect(await ask({ op, database })).toMatchObject({ ok: true })
    expect(asked).toEqual([HERE, 'nodeA', 'nodeB'])
  })

  test('asks each node once, and says that none could', async () => {
    const { ask, asked } = refusing({ [HERE]: notReplica, nodeA: notReplica, nodeB: notReplica })
    const error = { code: 'DATABASE_UNAVAILABLE', message: expect.stringContaining('working replica of app_users') }
    expect(await ask({ op, database })).toMatchObject({ ok: false, error })
    expect(asked).toEqual([HERE, 'nodeA', 'nodeB'])
  })

  test('goes no further where a node says why not', async () => {
    const { ask, asked } = refusing({ [HERE]: notReplica, nodeA: new DbClusterError('CONFLICT', 'it is busy') })
    expect(await ask({ op, database })).toMatchObject({ ok: false, error: { code: 'CONFLICT' } })
    expect(asked).toEqual([HERE, 'nodeA'])
  })

  test('passed on by another node is answered here, whatever the answer is', async () => {
    const { ask, asked } = refusing({ [HERE]: notReplica })
    expect(await ask({ op, database }, { hops: 1 })).toMatchObject({ ok: false, error: { code: 'NOT_REPLICA' } })
    expect(asked).toEqual([HERE])
  })
})

describe('the service', () => {
  test('answers what is no message with an error, and says so in the log without its content', async () => {
    const { service, lines } = createWorld()
    const signal = new AbortController().signal
    for (const payload of [Uint8Array.of(1, 2, 3), encodeMessage({ requestId: 'x' }), new Uint8Array()]) {
      expect(await service.handleClient({ from: 'app', payload, signal })).toBeInstanceOf(Uint8Array)
    }
    expect(lines.map(({ fields }) => fields?.code)).toEqual(Array(3).fill('INVALID_REQUEST'))
  })

  test('logs each request at debug, with neither credential nor statement', async () => {
    const { ask, lines } = createWorld({ records: [recordOf('app_users')] })
    await ask({ op: 'query', database, statement: { sql: "SELECT 'tenant data'" } }, { timeoutMs: 30 })
    await ask({ op: 'open', database }, { credential: 'dbc_wrong_key' })
    expect(lines.map(({ level, message }) => [level, message])).toEqual(Array(2).fill(['debug', 'Request answered']))
    expect(lines[0]?.fields).toMatchObject({
      op: 'query',
      app: 'app',
      database,
      request_id: 'r1',
      code: 'DATABASE_UNAVAILABLE',
    })
    for (const secret of [CREDENTIAL, 'dbc_wrong_key', 'tenant data'])
      expect(JSON.stringify(lines)).not.toContain(secret)
  })

  test('drains: what is under way is answered, what comes is refused', async () => {
    let finish = (): void => undefined
    const answer: Answer = () =>
      new Promise((resolve) => {
        finish = () =>
          resolve({ ok: true, result: { columns: [], rows: [] }, meta: { servedBy: 'nodeA', durationMs: 1 } })
      })
    const { ask, service } = createWorld({ records: [recordOf('app_users', ['nodeA'])], answer })
    const underWay = ask({ op: 'query', database, statement: SELECT })
    await new Promise((resolve) => setImmediate(resolve))
    let drained = 0
    const drains = [service.drain(), service.drain()].map((drain) => drain.then(() => (drained += 1)))
    expect(await ask({ op: 'list' })).toMatchObject({ error: { code: 'SHUTTING_DOWN' } })
    expect(drained).toBe(0)
    finish()
    expect(await underWay).toMatchObject({ ok: true })
    await Promise.all(drains)
    expect(drained).toBe(2)
  })

  test('refuses more than it can work on at once', async () => {
    const answer: Answer = (_, __, signal) =>
      new Promise((___, reject) => {
        signal?.addEventListener('abort', () => reject(new DbClusterError('CANCELLED', 'given up')), { once: true })
      })
    const { ask } = createWorld({ records: [recordOf('app_users', ['nodeA'])], answer })
    const stop = new AbortController()
    const read: Operation = { op: 'query', database, statement: SELECT }
    const open = Array.from({ length: 2_000 }, () => ask(read, { signal: stop.signal }))
    expect(await ask({ op: 'list' })).toMatchObject({ error: { code: 'OVERLOADED' } })
    stop.abort()
    await Promise.all(open)
    expect(await ask({ op: 'list' })).toMatchObject({ ok: true })
  })
})
