import type { Operation, OperationName } from '@dbcluster/protocol'

const statement = { sql: 'SELECT 1' }
const write = { sql: 'CREATE TABLE IF NOT EXISTS attacked (a)' }

/** One harmless operation of each kind on a database: total, so that a new kind is tried by every attack on all of them. */
export const sampleOperations = (
  database: string,
): { readonly [O in OperationName]: Extract<Operation, { readonly op: O }> } => ({
  open: { op: 'open', database },
  query: { op: 'query', database, statement },
  execute: { op: 'execute', database, statement: write },
  batch: { op: 'batch', database, statements: [write] },
  transaction: { op: 'transaction', database, statements: [write] },
  schema: { op: 'schema', database },
  createTable: { op: 'createTable', database, schema: write.sql },
  dropTable: { op: 'dropTable', database, table: 'attacked' },
  list: { op: 'list' },
  status: { op: 'status', database },
  hibernate: { op: 'hibernate', database },
  wake: { op: 'wake', database },
  delete: { op: 'delete', database },
  networkStatus: { op: 'networkStatus' },
  locate: { op: 'locate', database },
  setReplication: { op: 'setReplication', database, replicationFactor: 1 },
  recover: { op: 'recover', database },
  drainNode: { op: 'drainNode', peerId: '12D3KooWnobody', on: true },
  forgetNode: { op: 'forgetNode', peerId: '12D3KooWnobody' },
  createKey: { op: 'createKey', hash: `sha256:${'a'.repeat(64)}`, scope: 'admin' },
  listKeys: { op: 'listKeys' },
  revokeKey: { op: 'revokeKey', id: 'nothing' },
})
