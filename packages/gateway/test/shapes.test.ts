import { describe, expect, test } from '@jest/globals'
import { KEY, make, post } from './support/make.js'

const BASE = '/v1/database'
const STATUS = {
  database: 'users',
  status: 'active',
  cluster_id: 'ab'.repeat(16),
  replication_factor: 1,
  replicas: [{ peer_id: '12D3', status: 'active', http_port: 5001, raft_port: 7001, leader: true, last_query: null }],
  rqlite_version: '8.26.7',
}
const NODES = {
  nodes: [
    { peer_id: '12D3', health: 'healthy', last_seen: null, databases: 1, max_databases: 100, rqlite_version: '8.26.7' },
  ],
}

const HASH = `sha256:${'a'.repeat(64)}`
const KEY_INFO = {
  id: 'k1',
  app: 'shop',
  scope: 'read',
  databases: null,
  may_create: false,
  expires_at: null,
  created_at: '2026-01-01T00:00:00.000Z',
  created_by: 'key:k0',
  revoked: false,
}

interface Case {
  readonly name: string
  readonly path: string
  readonly init: RequestInit
  readonly operation: unknown
  readonly result: unknown
  /** The body, byte for byte. */
  readonly body: string
}

const get: RequestInit = { headers: { authorization: `Bearer ${KEY}` } }
const big = 9_007_199_254_740_993n

const cases: readonly Case[] = [
  {
    name: 'create a key',
    path: '/v1/keys',
    init: post({
      hash: HASH,
      scope: 'read',
      databases: ['users'],
      may_create: false,
      expires_at: '2030-01-01T00:00:00Z',
    }),
    operation: {
      op: 'createKey',
      hash: HASH,
      scope: 'read',
      databases: ['users'],
      mayCreate: false,
      expiresAtMs: Date.UTC(2030, 0, 1),
    },
    result: { key: KEY_INFO },
    body: `{"key":${JSON.stringify(KEY_INFO)}}`,
  },
  {
    name: 'list keys',
    path: '/v1/keys',
    init: get,
    operation: { op: 'listKeys' },
    result: { keys: [KEY_INFO] },
    body: `{"keys":[${JSON.stringify(KEY_INFO)}]}`,
  },
  {
    name: "list another app's keys",
    path: '/v1/keys?app=bank',
    init: get,
    operation: { op: 'listKeys', app: 'bank' },
    result: { keys: [] },
    body: '{"keys":[]}',
  },
  {
    name: 'revoke a key',
    path: '/v1/keys/k1',
    init: { ...get, method: 'DELETE' },
    operation: { op: 'revokeKey', id: 'k1' },
    result: { key: KEY_INFO },
    body: `{"key":${JSON.stringify(KEY_INFO)}}`,
  },
  {
    name: 'exec',
    path: `${BASE}/exec`,
    init: post({ database: 'users', sql: 'INSERT INTO users (name, email) VALUES (?, ?)', args: ['Alice', 'a@x'] }),
    operation: {
      op: 'execute',
      database: 'users',
      statement: { sql: 'INSERT INTO users (name, email) VALUES (?, ?)', args: ['Alice', 'a@x'] },
    },
    result: { rowsAffected: 1, lastInsertId: 1 },
    body: '{"rows_affected":1,"last_insert_id":1}',
  },
  {
    name: 'exec with a large id',
    path: `${BASE}/exec`,
    init: post({ database: 'users', sql: 'INSERT …' }),
    operation: { op: 'execute', database: 'users', statement: { sql: 'INSERT …' } },
    result: { rowsAffected: 1, lastInsertId: 2n ** 63n - 1n },
    body: '{"rows_affected":1,"last_insert_id":9223372036854775807}',
  },
  {
    name: 'exec with RETURNING',
    path: `${BASE}/exec`,
    init: post({ database: 'users', sql: 'INSERT … RETURNING id', args: { n: 'x' } }),
    operation: { op: 'execute', database: 'users', statement: { sql: 'INSERT … RETURNING id', args: { n: 'x' } } },
    result: { rowsAffected: 1, lastInsertId: 7, columns: ['id'], rows: [[7]] },
    body: '{"rows_affected":1,"last_insert_id":7,"items":[{"id":7}],"columns":["id"],"rows":[[7]]}',
  },
  {
    name: 'query',
    path: `${BASE}/query`,
    init: post({ database: 'users', sql: 'SELECT * FROM users WHERE name LIKE ?', args: ['A%'] }),
    operation: {
      op: 'query',
      database: 'users',
      statement: { sql: 'SELECT * FROM users WHERE name LIKE ?', args: ['A%'] },
    },
    result: { columns: ['id', 'name'], rows: [[1, 'Alice']] },
    body: '{"items":[{"id":1,"name":"Alice"}],"count":1,"columns":["id","name"],"rows":[[1,"Alice"]]}',
  },
  {
    name: 'query with no rows',
    path: `${BASE}/query`,
    init: post({ database: 'users', sql: 'SELECT 1 WHERE 0', consistency: 'none' }),
    operation: { op: 'query', database: 'users', statement: { sql: 'SELECT 1 WHERE 0' }, consistency: 'none' },
    result: { columns: ['1'], rows: [] },
    body: '{"items":[],"count":0,"columns":["1"],"rows":[]}',
  },
  {
    name: 'query with values of every kind',
    path: `${BASE}/query`,
    init: post({ database: 'users', sql: 'SELECT …', consistency: 'strong' }),
    operation: { op: 'query', database: 'users', statement: { sql: 'SELECT …' }, consistency: 'strong' },
    result: {
      columns: ['a', 'a', '__proto__', 'x"y'],
      rows: [
        [big, null, new Uint8Array([1, 2]), "x'00'"],
        [1e17, 1.5, -big, '{"$int":"1"}'],
      ],
    },
    body:
      '{"items":[{"a":null,"__proto__":{"$blob":"AQI="},"x\\"y":"x\'00\'"},' +
      '{"a":1.5,"__proto__":-9007199254740993,"x\\"y":"{\\"$int\\":\\"1\\"}"}],"count":2,' +
      '"columns":["a","a","__proto__","x\\"y"],"rows":[[9007199254740993,null,{"$blob":"AQI="},"x\'00\'"],' +
      '[1e+17,1.5,-9007199254740993,"{\\"$int\\":\\"1\\"}"]]}',
  },
  {
    name: 'transaction',
    path: `${BASE}/transaction`,
    init: post({
      database: 'users',
      queries: ['INSERT …', { sql: 'UPDATE … ?', args: [1] }, { sql: 'SELECT 1', assert: true }],
    }),
    operation: {
      op: 'transaction',
      database: 'users',
      statements: [{ sql: 'INSERT …' }, { sql: 'UPDATE … ?', args: [1] }, { sql: 'SELECT 1', assert: true }],
    },
    result: {
      results: [
        { rowsAffected: 1, lastInsertId: 4 },
        { rowsAffected: 2, lastInsertId: 0 },
      ],
    },
    body: '{"success":true,"results":[{"rows_affected":1,"last_insert_id":4},{"rows_affected":2,"last_insert_id":0}]}',
  },
  {
    name: 'batch',
    path: `${BASE}/batch`,
    init: post({ database: 'users', queries: ['INSERT …', { sql: 'BAD' }] }),
    operation: { op: 'batch', database: 'users', statements: [{ sql: 'INSERT …' }, { sql: 'BAD' }] },
    result: {
      results: [{ rowsAffected: 1, lastInsertId: 1 }, { error: { code: 'SQL_ERROR', message: 'near "BAD"' } }],
    },
    body: '{"results":[{"rows_affected":1,"last_insert_id":1},{"error":{"code":"SQL_ERROR","message":"near \\"BAD\\""}}]}',
  },
  ...(['GET', 'POST'] as const).map((method) => ({
    name: `${method} schema`,
    path: method === 'GET' ? `${BASE}/schema?database=users` : `${BASE}/schema`,
    init: method === 'GET' ? get : post({ database: 'users' }),
    operation: { op: 'schema', database: 'users' },
    result: { tables: [{ name: 'users', columns: ['id', 'name', 'email'], sql: 'CREATE …', type: 'table' }] },
    body: '{"tables":[{"name":"users","columns":["id","name","email"],"sql":"CREATE …","type":"table"}]}',
  })),
  {
    name: 'create-table',
    path: `${BASE}/create-table`,
    init: post({ database: 'users', schema: 'CREATE TABLE users (id INTEGER)' }),
    operation: { op: 'createTable', database: 'users', schema: 'CREATE TABLE users (id INTEGER)' },
    result: { rowsAffected: 0, lastInsertId: 0 },
    body: '{"rows_affected":0}',
  },
  {
    name: 'drop-table',
    path: `${BASE}/drop-table`,
    init: post({ database: 'users', table_name: 'old_table' }),
    operation: { op: 'dropTable', database: 'users', table: 'old_table' },
    result: { rowsAffected: 0, lastInsertId: 0 },
    body: '{"rows_affected":0}',
  },
  {
    name: 'list',
    path: `${BASE}/list`,
    init: get,
    operation: { op: 'list' },
    result: { databases: ['users', 'products', 'orders'] },
    body: '{"databases":["users","products","orders"]}',
  },
  {
    name: 'open',
    path: `${BASE}/open`,
    init: post({ database: 'users' }),
    operation: { op: 'open', database: 'users' },
    result: { created: true, clusterId: 'ab' },
    body: '{"created":true,"cluster_id":"ab"}',
  },
  {
    name: 'status',
    path: `${BASE}/status?database=users`,
    init: get,
    operation: { op: 'status', database: 'users' },
    result: STATUS,
    body: JSON.stringify(STATUS),
  },
  {
    name: 'delete',
    path: `${BASE}/users`,
    init: { ...get, method: 'DELETE' },
    operation: { op: 'delete', database: 'users' },
    result: { deleted: true },
    body: '{"deleted":true}',
  },
  {
    name: 'delete of a database that is named like an endpoint',
    path: `${BASE}/query`,
    init: { ...get, method: 'DELETE' },
    operation: { op: 'delete', database: 'query' },
    result: { deleted: true },
    body: '{"deleted":true}',
  },
  {
    name: 'network status',
    path: '/v1/network/status',
    init: get,
    operation: { op: 'networkStatus' },
    result: NODES,
    body: JSON.stringify(NODES),
  },
]

describe('every endpoint has its shape', () => {
  test.each(cases)('$name', async ({ path, init, operation, result, body }) => {
    const { app, transport } = make(() => result)
    const response = await app.request(path, init)
    expect(await response.text()).toBe(body)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(transport.calls.map((call) => call.operation)).toEqual([operation])
    expect(transport.calls[0]?.options.credential).toBe(KEY)
  })
})

describe('values in requests are exact', () => {
  const sent = async (args: string): Promise<unknown> => {
    const { app, transport } = make(() => ({ rowsAffected: 0, lastInsertId: 0 }))
    const response = await app.request(`${BASE}/exec`, post(`{"database":"users","sql":"x","args":${args}}`))
    expect(response.status).toBe(200)
    const operation = transport.calls[0]?.operation
    return operation?.op === 'execute' ? operation.statement.args : undefined
  }

  test.each([
    ['[9223372036854775807, -9223372036854775808]', [2n ** 63n - 1n, -(2n ** 63n)]],
    ['[{"$int":"9223372036854775807"}, {"$int":"5"}]', [2n ** 63n - 1n, 5]],
    ['[9007199254740991, 9007199254740993]', [9007199254740991, 9007199254740993n]],
    ['[12345678901234567.5, 1e17, 1e3]', [12345678901234568, 1e17, 1000]],
    ['[{"$blob":"AQI="}, {"$blob":""}]', [new Uint8Array([1, 2]), new Uint8Array()]],
    ['[null, true, false, 1.5, "x\'00\'", "{\\"$int\\":\\"1\\"}"]', [null, 1, 0, 1.5, "x'00'", '{"$int":"1"}']],
    [
      '{"n":"A%","__proto__":1}',
      Object.fromEntries([
        ['n', 'A%'],
        ['__proto__', 1],
      ]),
    ],
    [
      '{"n":9007199254740993,"__proto__":1}',
      Object.fromEntries([
        ['n', 9007199254740993n],
        ['__proto__', 1],
      ]),
    ],
    ['[]', []],
  ])('%s', async (json, expected) => {
    expect(await sent(json)).toEqual(expected)
  })
})

describe('the tagged format', () => {
  test('tags large integers, leaves rows as arrays and tells how it was served', async () => {
    const { app, transport } = make(() => ({ columns: ['n'], rows: [[big], ['{"$int":"1"}']] }))
    transport.meta = { servedBy: '12D3x', durationMs: 2, consistency: 'strong', attempts: 2, wokeMs: 300 }
    const init = post({ database: 'users', sql: 'SELECT' }, { accept: 'application/vnd.dbcluster+json' })
    const response = await app.request(`${BASE}/query`, init)
    expect(response.headers.get('content-type')).toBe('application/vnd.dbcluster+json')
    expect(response.headers.get('vary')).toBe('Accept')
    expect(await response.json()).toEqual({
      count: 2,
      columns: ['n'],
      rows: [[{ $int: '9007199254740993' }], ['{"$int":"1"}']],
      meta: { served_by: '12D3x', duration_ms: 2, consistency: 'strong', attempts: 2, woke_ms: 300 },
    })
  })

  test('plain answers tell it in headers', async () => {
    const { app, transport } = make(() => ({ databases: [] }))
    transport.meta = { servedBy: '12D3x', durationMs: 2, wokeMs: 300 }
    const response = await app.request(`${BASE}/list`, get)
    expect(response.headers.get('x-served-by')).toBe('12D3x')
    expect(response.headers.get('server-timing')).toBe('nodes;dur=2, wake;dur=300')
  })
})
