import { DbClusterError } from '@dbcluster/protocol/errors'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Client, Database } from '../src/index.js'
import { sql } from '../src/index.js'
import { Backend, gate } from './support/backend.js'

/** A client whose transport ends, over a real wire, at a backend. */
export interface WireHarness {
  readonly client: Client
  close(): Promise<void>
}

const BIG = 2n ** 63n - 1n
const BYTES = new Uint8Array([0, 1, 254, 255])
const VALUES = [
  null,
  0,
  -1,
  1.5,
  1e17,
  2 ** 63,
  9007199254740991,
  9007199254740993n,
  BIG,
  -(2n ** 63n),
  '',
  "x'00'",
  '{"$int":"1"}',
  'ü\u0000\n',
  BYTES,
  new Uint8Array(),
]

const throwing = (code: DbClusterError['code']) => (): never => {
  throw new DbClusterError(code, 'it went wrong', { hint: 'do this', statementIndex: 1, details: { got: 1 } })
}

/**
 * What any transport has to do on the wire, whatever SQL means at its end. `makeHarness` gets the backend and the
 * credential that must arrive there.
 */
export const describeWire = (
  name: string,
  makeHarness: (backend: Backend, apiKey: string) => Promise<WireHarness>,
): void =>
  describe(`${name} on the wire`, () => {
    const backend = new Backend()
    let harness: WireHarness
    let db: Database

    beforeAll(async () => {
      harness = await makeHarness(backend, 'dbc_k1_secret')
      backend.answer = () => ({ created: true, clusterId: 'ab' })
      db = await harness.client.database('users')
    })
    beforeEach(() => {
      backend.requests.length = 0
      backend.answer = () => ({ rowsAffected: 0, lastInsertId: 0 })
    })
    afterAll(async () => {
      await harness.client.close()
      await harness.close()
    })

    test('every operation arrives as it was meant, and its result comes back', async () => {
      const status = {
        database: 'users',
        status: 'active',
        cluster_id: 'ab',
        replication_factor: 1,
        replicas: [{ peer_id: 'p', status: 'active', http_port: 1, raft_port: 2, leader: true, last_query: null }],
        rqlite_version: '8',
      }
      const nodes = [
        { peer_id: 'p', health: 'healthy', last_seen: null, databases: 1, max_databases: 2, rqlite_version: '8' },
      ]
      const tables = [{ name: 'users', columns: ['id'], sql: 'CREATE …', type: 'table' }]
      const results = [{ rowsAffected: 1, lastInsertId: BIG }]
      const write = { rowsAffected: 1, lastInsertRowid: BIG }
      const cases: readonly (readonly [unknown, () => Promise<unknown>, unknown, unknown])[] = [
        [
          { op: 'open', database: 'x' },
          () => harness.client.database('x'),
          { created: false, clusterId: 'ab' },
          { name: 'x' },
        ],
        [
          { op: 'execute', database: 'users', statement: { sql: 'I' } },
          () => db.execute('I'),
          { rowsAffected: 1, lastInsertId: BIG },
          write,
        ],
        [
          { op: 'createTable', database: 'users', schema: 'C' },
          () => db.createTable('C'),
          { rowsAffected: 0, lastInsertId: 0 },
          { rowsAffected: 0 },
        ],
        [
          { op: 'dropTable', database: 'users', table: 't' },
          () => db.dropTable('t'),
          { rowsAffected: 0, lastInsertId: 0 },
          { rowsAffected: 0 },
        ],
        [{ op: 'schema', database: 'users' }, () => db.schema(), { tables }, { tables }],
        [{ op: 'status', database: 'users' }, () => db.status(), status, status],
        [{ op: 'list' }, () => harness.client.databases.list(), { databases: ['a', 'b'] }, ['a', 'b']],
        [{ op: 'networkStatus' }, () => harness.client.network.status(), { nodes }, { nodes }],
        [
          { op: 'batch', database: 'users', statements: [{ sql: 'a' }, { sql: 'b', args: [1] }] },
          () => db.batch(['a', ['b', [1]]]),
          { results },
          { results: [write] },
        ],
        [
          {
            op: 'transaction',
            database: 'users',
            statements: [
              { sql: 'a ?', args: [1] },
              { sql: 'SELECT EXISTS(?)', args: ['v'], assert: true },
            ],
          },
          () => db.transaction([sql`a ${1}`, sql.assert(sql`EXISTS(${'v'})`)]),
          { results },
          { results: [write] },
        ],
      ]
      for (const [operation, act, result, seen] of cases) {
        backend.requests.length = 0
        backend.answer = () => result
        const got = await act()
        if (Array.isArray(seen)) expect(got).toEqual(seen)
        else expect(got).toMatchObject(seen as Record<string, unknown>)
        expect(backend.operations).toEqual([operation])
      }
    })

    test('deletion arrives', async () => {
      backend.answer = () => ({ deleted: true })
      await harness.client.databases.delete('gone')
      expect(backend.operations).toEqual([{ op: 'delete', database: 'gone' }])
    })

    test('values go there and come back exactly, by position and by name', async () => {
      backend.answer = ({ operation }) => {
        if (operation.op !== 'query') throw new Error(operation.op)
        const args = operation.statement.args ?? []
        const values = Array.isArray(args) ? args : Object.values(args)
        return { columns: values.map((_, at) => `c${at}`), rows: [values] }
      }
      const positional = await db.query('SELECT …', VALUES)
      expect(positional.values).toEqual([VALUES])
      expect(positional.rows).toEqual([Object.fromEntries(VALUES.map((value, at) => [`c${at}`, value]))])
      const named = await db.query('SELECT …', Object.fromEntries(VALUES.map((value, at) => [`n${at}`, value])))
      expect(named.values).toEqual([VALUES])
      expect(backend.operations[0]).toMatchObject({ statement: { args: VALUES } })
    })

    test('booleans become 1 and 0, and the tag only ever binds', async () => {
      backend.answer = () => ({ columns: ['a'], rows: [] })
      await db.sql`SELECT ${true}, ${"'; DROP TABLE users --"}, ${sql`${1} + ${false}`}`
      expect(backend.operations).toEqual([
        {
          op: 'query',
          database: 'users',
          statement: { sql: 'SELECT ?, ?, ? + ?', args: [1, "'; DROP TABLE users --", 1, 0] },
        },
      ])
    })

    test('rows are objects, columns that share a name stay apart in values', async () => {
      backend.answer = () => ({ columns: ['a', 'a', '__proto__'], rows: [[1, 2, 3]] })
      const { rows, values, columns } = await db.query('SELECT …')
      expect(Object.entries(rows[0] ?? {})).toEqual([
        ['a', 2],
        ['__proto__', 3],
      ])
      expect([columns, values]).toEqual([['a', 'a', '__proto__'], [[1, 2, 3]]])
    })

    test('the rows of RETURNING come back', async () => {
      backend.answer = () => ({ rowsAffected: 1, lastInsertId: 3, columns: ['id'], rows: [[BIG]] })
      expect(await db.execute('INSERT … RETURNING id')).toMatchObject({ columns: ['id'], rows: [{ id: BIG }] })
      expect(await db.sql`INSERT … RETURNING id`).toEqual([{ id: BIG }])
      expect(backend.operations.map(({ op }) => op)).toEqual(['execute', 'execute'])
    })

    test('a statement of a batch that fails says so in its place', async () => {
      backend.answer = () => ({
        results: [{ error: { code: 'SQL_ERROR', message: 'near x' } }, { rowsAffected: 1, lastInsertId: 1 }],
      })
      const { results } = await db.batch(['x', 'y'])
      expect(results).toMatchObject([{ error: { code: 'SQL_ERROR', statementIndex: 0 } }, { rowsAffected: 1 }])
    })

    test('how it was served comes back, and consistency, credential and request id arrive', async () => {
      backend.meta = { servedBy: '12D3x', durationMs: 2.5, consistency: 'strong', wokeMs: 300 }
      backend.answer = () => ({ columns: [], rows: [] })
      const { meta } = await db.query('SELECT 1', [], { consistency: 'strong', requestId: 'r-1', timeoutMs: 5_000 })
      expect(meta).toEqual({ servedBy: '12D3x', durationMs: 2.5, consistency: 'strong', wokeMs: 300, attempts: 1 })
      const [request] = backend.requests
      expect(request).toMatchObject({
        credential: 'dbc_k1_secret',
        requestId: 'r-1',
        operation: { consistency: 'strong' },
      })
      expect(request?.timeoutMs).toBeGreaterThan(3_000)
      expect(request?.timeoutMs).toBeLessThanOrEqual(5_000)
    })

    test('an error keeps its code, text, hint, place and details', async () => {
      backend.answer = throwing('SQLITE_CONSTRAINT_UNIQUE')
      const error = await db.execute('INSERT …', [], { requestId: 'r-2' }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        name: 'DbClusterError',
        code: 'SQLITE_CONSTRAINT_UNIQUE',
        message: 'it went wrong',
        hint: 'do this',
        statementIndex: 1,
        requestId: 'r-2',
        status: 400,
        retryable: false,
        details: { got: 1 },
      })
      expect(backend.requests).toHaveLength(1)
    })

    test('what was certainly not applied is tried again, a write too', async () => {
      let failures = 1
      backend.answer = () => (failures-- > 0 ? throwing('NO_LEADER')() : { rowsAffected: 1, lastInsertId: 1 })
      const { meta } = await db.execute('INSERT …')
      expect(backend.requests).toHaveLength(2)
      expect(meta.attempts).toBe(2)
    })

    test('a write of unknown outcome is never sent twice, a read is', async () => {
      backend.answer = throwing('OUTCOME_UNKNOWN')
      await expect(db.execute('INSERT …')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
      expect(backend.requests).toHaveLength(1)
      let failures = 1
      backend.answer = () => (failures-- > 0 ? throwing('OUTCOME_UNKNOWN')() : { columns: [], rows: [] })
      await db.query('SELECT 1')
      expect(backend.requests).toHaveLength(3)
    })

    test.each(['TIMEOUT', 'RATE_LIMITED', 'INSUFFICIENT_NODES', 'SQL_ERROR', 'FORBIDDEN'] as const)(
      "%s is the caller's to repeat",
      async (code) => {
        backend.answer = throwing(code)
        await expect(db.query('SELECT 1')).rejects.toMatchObject({ code })
        expect(backend.requests).toHaveLength(1)
      },
    )

    test('an aborted call ends at once, and the far side is told', async () => {
      const [arrived, told] = [gate(), gate()]
      backend.answer = ({ signal }) => {
        signal.addEventListener('abort', () => told.open())
        arrived.open()
        return told.promise
      }
      const leaving = new AbortController()
      const call = db.execute('INSERT …', [], { signal: leaving.signal })
      await arrived.promise
      leaving.abort(new Error('bored'))
      const error = await call.catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'CANCELLED',
        cause: { message: 'bored' },
        hint: expect.stringMatching(/applied/),
      })
      await told.promise
      expect(backend.requests).toHaveLength(1)
    })

    test('a call that was aborted before sends nothing', async () => {
      await expect(db.query('SELECT 1', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'CANCELLED',
      })
      expect(backend.requests).toEqual([])
    })

    test('time runs out: a read says so, a write says that its outcome is unknown', async () => {
      backend.answer = ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve))
      await expect(db.query('SELECT 1', [], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT', status: 504 })
      await expect(db.execute('I', [], { timeoutMs: 100 })).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
        status: 504,
      })
    })

    test('many calls at once keep their answers apart, and leave no listeners behind', async () => {
      const warnings: Error[] = []
      const note = (warning: Error): number => warnings.push(warning)
      process.on('warning', note)
      backend.answer = async ({ operation }) => {
        if (operation.op !== 'query') throw new Error(operation.op)
        const [value] = operation.statement.args as readonly number[]
        // Later ones are answered first.
        await new Promise((resolve) => setTimeout(resolve, (50 - Number(value)) % 7))
        return { columns: ['v'], rows: [[value]] }
      }
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, at) => db.query<{ v: number }>('SELECT ?', [at])),
      )
      expect(answers.map(({ rows }) => rows[0]?.v)).toEqual(Array.from({ length: 50 }, (_, at) => at))
      process.off('warning', note)
      expect(warnings).toEqual([])
    })

    test('rows of a few megabytes come through', async () => {
      const text = 'x'.repeat(1_000)
      backend.answer = () => ({ columns: ['t', 'n'], rows: Array.from({ length: 4_000 }, (_, at) => [text, at]) })
      const { rows } = await db.query<{ t: string; n: number }>('SELECT …')
      expect([rows.length, rows[3_999]?.n, rows[3_999]?.t === text]).toEqual([4_000, 3_999, true])
    })

    test('bad input never leaves', async () => {
      const bad: unknown[] = [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        2n ** 63n,
        {},
        [],
        new Date(0),
        Symbol('x'),
        () => 1,
      ]
      for (const value of bad) {
        await expect(db.execute('I', [value as never])).rejects.toMatchObject({ code: 'INVALID_VALUE' })
        await expect(db.query('S', { v: value as never })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      }
      await expect(db.execute('I', [undefined as never])).rejects.toThrow(TypeError)
      await expect(db.query('S', { v: undefined as never })).rejects.toThrow(TypeError)
      await expect(db.query('S', { ':v': 1 })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      await expect(db.batch([])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
      await expect(db.execute(undefined as never)).rejects.toThrow(TypeError)
      await expect(harness.client.database('../x')).rejects.toMatchObject({ code: 'INVALID_NAME' })
      await expect(harness.client.databases.delete('No')).rejects.toMatchObject({ code: 'INVALID_NAME' })
      await expect(db.query('S', [], { timeoutMs: 0 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
      await expect(db.query('S', [], { requestId: 'a b' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
      expect(backend.requests).toEqual([])
    })
  })
