export { hostAndPort, RQLITED_ENVIRONMENT, replicaArguments } from './arguments/replica-arguments.js'
export type { RecoveryPeer, ReplicaSpec, ReplicaStart } from './arguments/replica-spec.js'
export { type ReplicaTiming, TIMING_PROFILES, type TimingProfile, timingOf } from './arguments/timing.js'
export {
  capabilitiesOf,
  parseFlags,
  parseVersion,
  type RqliteCapabilities,
  type RqliteVersion,
} from './binary/capabilities.js'
export { describeFrom, describeRqlited, type RqliteBinary, SUPPORTED_MAJORS } from './binary/describe-rqlited.js'
export { type FindRqlitedInit, type FoundRqlited, findRqlited, type RqlitedSource } from './binary/find-rqlited.js'
export { mustInline } from './client/encode-statements.js'
export { type Outcome, outcomeOf } from './client/request-error.js'
export { createRqliteClient, type RqliteClient, type RqliteClientInit } from './client/rqlite-client.js'
export { ASSERTION_MARKER, assertionSql, isReplicaFault } from './client/statement-error.js'
export type {
  CallOptions,
  ExecuteOptions,
  QueryOptions,
  QueryReply,
  RaftServer,
  RaftView,
  RqliteNode,
  RqliteResult,
  RqliteStatement,
  SnapshotOptions,
} from './client/types.js'
export type { ReplicaDirectory } from './host/inspect.js'
export { createReplicaHost } from './host/process-replica-host.js'
export { purgeQuarantine } from './host/quarantine.js'
export type {
  HostedReplica,
  HostedReplicaListener,
  HostedReplicaRequest,
  ReplicaHost,
  ReplicaHostComponents,
  ReplicaHostInit,
  ReplicaPorts,
} from './host/replica-host.js'
export type { SnapshotPolicy } from './host/snapshot-keeper.js'
export { type Clock, createSystemClock } from './process/clock.js'
export {
  createReplicaProcess,
  type ReplicaProcessComponents,
  type ReplicaProcessInit,
} from './process/create-replica-process.js'
export { createNodeProcessHost, type NodeProcessHostInit } from './process/node-process-host.js'
export type { ProcessExit, ProcessHost, ProcessIdentity, RunningProcess, SpawnCommand } from './process/process-host.js'
export { hasRaftState, type RaftStateOnDisk, raftStateOf, readMember } from './process/raft-state.js'
export type { ReplicaProcess, ReplicaProcessState } from './process/replica-process.js'
export { createSpawnerHost, type SpawnerHost, type SpawnerHostInit } from './process/spawner/create-spawner-host.js'
export { type SpawnerChannel, serveSpawner } from './process/spawner/serve-spawner.js'
export { DEFAULT_RESTART_POLICY, type ReplicaPhase, type RestartPolicy } from './process/supervisor-machine.js'
export type { RaftCertificates, RaftHistory } from './security/raft-authority.js'
export type { ReplicaCredential } from './security/replica-credential.js'
export { createReplicaSecurity, type ReplicaSecrets, type ReplicaSecurity } from './security/replica-security.js'
