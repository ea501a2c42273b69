import type { OperationName } from '@dbcluster/protocol'

/** What a read-only credential is for. */
export const READS: readonly OperationName[] = [
  'open',
  'query',
  'schema',
  'list',
  'status',
  'wake',
  'networkStatus',
  'locate',
]
