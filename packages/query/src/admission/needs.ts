import { LIMITS, type Operation, type OperationName } from '@dbcluster/protocol'

/** What an operation takes: a scope of the credential, and whether it creates the database on first access. */
export interface OperationNeeds {
  readonly scope: 'read' | 'write' | 'admin'
  readonly creates: boolean
  /** What it may take at most, whatever its caller allows. */
  readonly timeoutMs: number
}

const QUERY = { timeoutMs: LIMITS.queryTimeoutMs } as const
const TRANSACTION = { timeoutMs: LIMITS.transactionTimeoutMs } as const

/** Spec section 8: `exec`, `query`, `transaction`, `schema` and `create-table` create; everything else answers 404. */
export const OPERATION_NEEDS: Readonly<Record<OperationName, OperationNeeds>> = {
  open: { scope: 'read', creates: true, ...QUERY },
  query: { scope: 'read', creates: true, ...QUERY },
  execute: { scope: 'write', creates: true, ...QUERY },
  batch: { scope: 'write', creates: true, ...TRANSACTION },
  transaction: { scope: 'write', creates: true, ...TRANSACTION },
  schema: { scope: 'read', creates: true, ...QUERY },
  createTable: { scope: 'write', creates: true, ...QUERY },
  dropTable: { scope: 'write', creates: false, ...QUERY },
  list: { scope: 'read', creates: false, ...QUERY },
  status: { scope: 'read', creates: false, ...QUERY },
  hibernate: { scope: 'write', creates: false, ...QUERY },
  wake: { scope: 'read', creates: false, ...QUERY },
  delete: { scope: 'admin', creates: false, ...QUERY },
  networkStatus: { scope: 'read', creates: false, ...QUERY },
  locate: { scope: 'read', creates: false, ...QUERY },
  setReplication: { scope: 'admin', creates: false, ...QUERY },
  recover: { scope: 'admin', creates: false, ...TRANSACTION },
  drainNode: { scope: 'admin', creates: false, ...QUERY },
  forgetNode: { scope: 'admin', creates: false, ...QUERY },
  createKey: { scope: 'admin', creates: false, ...QUERY },
  listKeys: { scope: 'admin', creates: false, ...QUERY },
  revokeKey: { scope: 'admin', creates: false, ...QUERY },
}

/** Operations on one database's rows or schema: they run where a replica is. */
export type DataOperation = Extract<
  Operation,
  { op: 'query' | 'execute' | 'batch' | 'transaction' | 'schema' | 'createTable' | 'dropTable' }
>

const DATA_OPERATIONS: ReadonlySet<OperationName> = new Set<DataOperation['op']>([
  'query',
  'execute',
  'batch',
  'transaction',
  'schema',
  'createTable',
  'dropTable',
])

/** Whether an operation runs on a replica. */
export const isDataOperation = (operation: Operation): operation is DataOperation => DATA_OPERATIONS.has(operation.op)
