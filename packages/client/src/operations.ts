import type { OperationName } from '@dbcluster/protocol'
import { LIMITS } from '@dbcluster/protocol/limits'

const WRITES: ReadonlySet<OperationName> = new Set([
  'execute',
  'batch',
  'transaction',
  'createTable',
  'dropTable',
  'delete',
  'createKey',
  'revokeKey',
])

/** Whether sending the operation twice may do something twice. `open` creates what is missing, which repeats safely. */
export const isWrite = (op: OperationName): boolean => WRITES.has(op)

/** Time an operation gets when its caller names none: 60 s for a transaction or batch, 30 s otherwise. */
export const defaultTimeoutMs = (op: OperationName): number =>
  op === 'transaction' || op === 'batch' ? LIMITS.transactionTimeoutMs : LIMITS.queryTimeoutMs
