export type {
  Consistency,
  DatabaseStatus,
  DatabaseStatusResult,
  ErrorCode,
  NodeStatus,
  Operation,
  OperationName,
  OperationResults,
  ReplicaStatus,
  ResultMeta,
  TableSchema,
} from '@dbcluster/protocol'
export { DbClusterError, isDbClusterError } from '@dbcluster/protocol/errors'
export type { SqlValue } from '@dbcluster/protocol/values'
export type { CallOptions } from './caller.js'
export { type Client, createClientOver } from './client.js'
export {
  type ClientInit,
  type CredentialInit,
  createClient,
  type HttpClientInit,
  type Libp2pClientInit,
} from './create-client.js'
export type { Database, QueryOptions } from './database.js'
export { createHttpTransport, type HttpTransportInit } from './http/transport.js'
export type { Libp2pTransportInit } from './libp2p/init.js'
export type { BatchOutcome, ExecuteResult, QueryResult, Row, StatementOutcome } from './results.js'
export { type SqlFragment, type SqlInterpolation, sql } from './sql.js'
export type { SqlInput, SqlInputArgs } from './sql-values.js'
export type { StatementInput } from './statements.js'
export type { OperationOf, Transport, TransportAnswer, TransportCallOptions, TransportStatus } from './transport.js'
