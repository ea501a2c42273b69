export type { AuditAction, AuditEntry, AuditLog } from './audit.js'
export { type Ballot, BallotSchema, compareBallots, compareText, PeerIdSchema, ZERO_BALLOT } from './ballot.js'
export {
  CLIENT_PROTOCOL,
  type ClientRequest,
  ClientRequestSchema,
  type ClientResponse,
  type DatabaseStatus,
  type DatabaseStatusResult,
  type KeyInfo,
  type NodeStatus,
  type Operation,
  type OperationName,
  type OperationResults,
  OperationSchema,
  type RateState,
  type RecoveryResult,
  type ReplicaStatus,
  type ResultMeta,
  type RowsResult,
  type Statement,
  type StatementResult,
  StatementSchema,
  type TableSchema,
  type WriteResult,
} from './client-protocol.js'
export type { VectorClock } from './clock-schema.js'
export { type Checker, createChecker, decodeMessage, encodeMessage } from './codec.js'
export { CONSISTENCIES, type Consistency } from './consistency.js'
export { ERROR_CODES, type ErrorCode, type ErrorTraits, errorTraits } from './error-codes.js'
export {
  DbClusterError,
  type DbClusterErrorInit,
  type ErrorBody,
  fromErrorBody,
  isDbClusterError,
  toDbClusterError,
  toErrorBody,
} from './errors.js'
export { type ForwardRequest, ForwardRequestSchema, type Principal, PrincipalSchema } from './forward.js'
export { type WriteJsonOptions, writeJson } from './json.js'
export { type KeyGrant, type KeyRecord, KeyRecordSchema, type Scope } from './key-record.js'
export { LIMITS } from './limits.js'
export type { LogFields, Logger } from './logger.js'
export type { Accepted, DeclineReason } from './messages/creation.js'
export {
  createNodeMessageChecker,
  FORWARD_PROTOCOL,
  METADATA_TOPIC,
  NODE_PROTOCOL,
  type NodeMessage,
  type NodeMessageOf,
  NodeMessageSchema,
  type NodeMessageType,
} from './messages/index.js'
export type { RaftPosition, StopRecord } from './messages/life.js'
export type { AcceptorEntry } from './messages/roster.js'
export { checkAppName, checkDatabaseName, internalName, isInternalName, splitInternalName } from './names.js'
export {
  type DatabaseRecord,
  DatabaseRecordSchema,
  type Decree,
  type MetadataRecord,
  type NodeInfo,
  type NodeRecord,
  type Placement,
  RecordSchema,
  type ReplicaAddress,
  type ReplicaAssignment,
  type ReplicaState,
  type Roster,
  type RosterMember,
  RosterSchema,
  recordKey,
  type Stamped,
} from './records.js'
export {
  checkSqlValue,
  fromJsonValue,
  hasLoneSurrogate,
  isInt64,
  type JsonSqlValue,
  normalizeInteger,
  type SqlArgs,
  type SqlStatement,
  type SqlValue,
  toJsonValue,
} from './values.js'
