import type { Operation, OperationName } from '@dbcluster/protocol'

/** What an operation takes: a scope of the credential, and whether it creates the database on first access. */
export interface OperationNeeds {
  readonly scope: 'read' | 'write' | 'admin'
  readonly creates: boolean
}

/** Spec section 8: `exec`, `query`, `transaction`, `schema` and `create-table` create; everything else answers 404. */
export const OPERATION_NEEDS: Readonly<Record<OperationName, OperationNeeds>> = {
  open: { scope: 'read', creates: true },
  query: { scope: 'read', creates: true },
  execute: { scope: 'write', creates: true },
  batch: { scope: 'write', creates: true },
  transaction: { scope: 'write', creates: true },
  schema: { scope: 'read', creates: true },
  createTable: { scope: 'write', creates: true },
  dropTable: { scope: 'write', creates: false },
  list: { scope: 'read', creates: false },
  status: { scope: 'read', creates: false },
  delete: { scope: 'admin', creates: false },
  networkStatus: { scope: 'read', creates: false },
  locate: { scope: 'read', creates: false },
}

/** Operations on one database's rows or schema: they run where a replica is. */
export type DataOperation = Extract<
  Operation,
  { op: 'query' | 'execute' | 'batch' | 'transaction' | 'schema' | 'createTable' | 'dropTable' }
>

/** Whether an operation runs on a replica. */
export const isDataOperation = (operation: Operation): operation is DataOperation =>
  ['query', 'execute', 'batch', 'transaction', 'schema', 'createTable', 'dropTable'].includes(operation.op)

/** Whether trying an operation twice can change anything. */
export const isReadOperation = (operation: Operation): boolean =>
  ['query', 'schema', 'list', 'status', 'networkStatus', 'locate', 'open'].includes(operation.op)
