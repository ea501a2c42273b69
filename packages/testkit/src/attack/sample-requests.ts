import type { OperationName } from '@dbcluster/protocol'

/** One HTTP request to an endpoint, and the operation that it stands for. */
export interface SampleRequest {
  /** As the description of the API has it: `POST /v1/database/exec`. */
  readonly endpoint: string
  readonly op: OperationName
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly json?: unknown
}

const post = (op: OperationName, name: string, json: unknown): SampleRequest => ({
  endpoint: `POST /v1/database/${name}`,
  op,
  method: 'POST',
  path: `/v1/database/${name}`,
  json,
})
const get = (op: OperationName, path: string): SampleRequest => ({
  endpoint: `GET ${path.split('?')[0]}`,
  op,
  method: 'GET',
  path,
})
const sql = 'CREATE TABLE IF NOT EXISTS attacked (a)'

/** One harmless request to each endpoint; compare their names with `/openapi.json`, so that none is left out. */
export const sampleRequests = (database: string): readonly SampleRequest[] => [
  post('open', 'open', { database }),
  post('query', 'query', { database, sql: 'SELECT 1' }),
  post('execute', 'exec', { database, sql }),
  post('batch', 'batch', { database, queries: [sql] }),
  post('transaction', 'transaction', { database, queries: [sql] }),
  post('schema', 'schema', { database }),
  post('createTable', 'create-table', { database, schema: sql }),
  post('dropTable', 'drop-table', { database, table_name: 'attacked' }),
  post('hibernate', 'hibernate', { database }),
  post('wake', 'wake', { database }),
  get('schema', `/v1/database/schema?database=${database}`),
  get('list', '/v1/database/list'),
  get('status', `/v1/database/status?database=${database}`),
  get('networkStatus', '/v1/network/status'),
  {
    endpoint: 'DELETE /v1/database/{name}',
    op: 'delete',
    method: 'DELETE',
    path: `/v1/database/${database}`,
  },
  {
    endpoint: 'POST /v1/keys',
    op: 'createKey',
    method: 'POST',
    path: '/v1/keys',
    json: { hash: `sha256:${'a'.repeat(64)}`, scope: 'admin' },
  },
  get('listKeys', '/v1/keys'),
  { endpoint: 'DELETE /v1/keys/{id}', op: 'revokeKey', method: 'DELETE', path: '/v1/keys/nothing' },
]
