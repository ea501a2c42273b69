import type { Operation, OperationName } from '@dbcluster/protocol'
import { DbClusterError } from '@dbcluster/protocol/errors'
import { writeJson } from '@dbcluster/protocol/json'
import type { OperationOf, WireStatement } from '../transport.js'
import { type Json, readRows, readWrite } from './read.js'

/** One HTTP request to the gateway. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: string
}

/** How an operation travels over HTTP (paths and shapes: the gateway's openapi.json). */
export interface HttpEndpoint {
  request(operation: Operation): HttpCall
  result(answer: Json): unknown
}

const BASE = '/v1/database'

const define = <O extends OperationName>(
  _op: O,
  request: (operation: OperationOf<O>) => HttpCall,
  result: (answer: Json) => unknown,
): HttpEndpoint => ({ request: (operation) => request(operation as OperationOf<O>), result })

const post = (path: string, body: unknown): HttpCall => ({
  method: 'POST',
  path: `${BASE}/${path}`,
  body: writeJson(body, { bigIntegers: 'tagged' }),
})

const KEYS = '/v1/keys'

const key = ({ key }: Json): unknown => ({ key })

const get = (path: string): HttpCall => ({ method: 'GET', path })

const plain = ({ sql, args, assert }: WireStatement): Partial<WireStatement> => ({
  sql,
  ...(args === undefined ? {} : { args }),
  ...(assert === undefined ? {} : { assert }),
})

/** What only transports that reach nodes themselves can do. */
const none = (op: OperationName, hint: string): HttpEndpoint => ({
  request: () => {
    throw new DbClusterError('INVALID_REQUEST', `${op} is for transports that reach nodes themselves`, { hint })
  },
  result: () => undefined,
})

const OPERATORS = 'use `dbcluster db` or `dbcluster node` on the machine of a node'

const ENDPOINTS: { readonly [O in OperationName]: HttpEndpoint } = {
  open: define(
    'open',
    ({ database }) => post('open', { database }),
    (answer) => ({ created: answer.created, clusterId: answer.cluster_id }),
  ),
  query: define(
    'query',
    ({ database, statement, consistency }) => post('query', { database, ...plain(statement), consistency }),
    readRows,
  ),
  execute: define('execute', ({ database, statement }) => post('exec', { database, ...plain(statement) }), readWrite),
  batch: define(
    'batch',
    ({ database, statements }) => post('batch', { database, queries: statements.map(plain) }),
    (answer) => ({
      results: (answer.results as readonly Json[]).map((one) => ('error' in one ? one : readWrite(one))),
    }),
  ),
  transaction: define(
    'transaction',
    ({ database, statements }) => post('transaction', { database, queries: statements.map(plain) }),
    (answer) => ({ results: (answer.results as readonly Json[]).map(readWrite) }),
  ),
  schema: define(
    'schema',
    ({ database }) => post('schema', { database }),
    (answer) => ({ tables: answer.tables }),
  ),
  createTable: define('createTable', ({ database, schema }) => post('create-table', { database, schema }), readWrite),
  dropTable: define(
    'dropTable',
    ({ database, table }) => post('drop-table', { database, table_name: table }),
    readWrite,
  ),
  list: define(
    'list',
    () => get(`${BASE}/list`),
    (answer) => ({ databases: answer.databases }),
  ),
  status: define(
    'status',
    ({ database }) => get(`${BASE}/status?database=${encodeURIComponent(database)}`),
    ({ meta: _, ...status }) => status,
  ),
  hibernate: define(
    'hibernate',
    ({ database }) => post('hibernate', { database }),
    ({ meta: _, ...status }) => status,
  ),
  wake: define(
    'wake',
    ({ database }) => post('wake', { database }),
    ({ meta: _, ...status }) => status,
  ),
  delete: define(
    'delete',
    ({ database }) => ({ method: 'DELETE', path: `${BASE}/${encodeURIComponent(database)}` }),
    () => ({ deleted: true }),
  ),
  networkStatus: define(
    'networkStatus',
    () => get('/v1/network/status'),
    (answer) => ({ nodes: answer.nodes }),
  ),
  createKey: define(
    'createKey',
    ({ op: _, mayCreate, expiresAtMs, ...rest }) => ({
      method: 'POST',
      path: KEYS,
      body: JSON.stringify({ ...rest, may_create: mayCreate, expires_at: expiresAtMs && new Date(expiresAtMs) }),
    }),
    key,
  ),
  listKeys: define(
    'listKeys',
    ({ app }) => get(app === undefined ? KEYS : `${KEYS}?app=${encodeURIComponent(app)}`),
    ({ keys }) => ({ keys }),
  ),
  revokeKey: define('revokeKey', ({ id }) => ({ method: 'DELETE', path: `${KEYS}/${encodeURIComponent(id)}` }), key),
  locate: none('locate', 'use status to see where the replicas are'),
  setReplication: none('setReplication', OPERATORS),
  recover: none('recover', OPERATORS),
  drainNode: none('drainNode', OPERATORS),
  forgetNode: none('forgetNode', OPERATORS),
}

/** The endpoint of an operation. */
export const endpointOf = (op: OperationName): HttpEndpoint => ENDPOINTS[op]
