import type { Decree, Logger, ReplicaAssignment, StopRecord } from '@dbcluster/protocol'
import type { ReplicaStart } from '../arguments/replica-spec.js'
import type { ReplicaTiming, TimingProfile } from '../arguments/timing.js'
import type { RqliteCapabilities } from '../binary/capabilities.js'
import type { RqliteBinary } from '../binary/describe-rqlited.js'
import type { RqliteClient } from '../client/rqlite-client.js'
import type { RaftView } from '../client/types.js'
import type { ProcessHost } from '../process/process-host.js'
import type { ReplicaSecurity } from '../security/replica-security.js'
import type { ReplicaDirectory } from './inspect.js'
import type { SnapshotPolicy } from './snapshot-keeper.js'

/** Settings of a host. */
export interface ReplicaHostInit {
  /** Each database gets a directory of its own in it. */
  readonly dataDir: string
  readonly binary: RqliteBinary
  readonly timing: TimingProfile | ReplicaTiming
  /** Processes that come up at the same time; further ones wait for their turn. @default the processors, at least 2 */
  readonly startsAtOnce?: number
  /**
   * With less free room than this under `dataDir`, replicas are stopped, and start again once there is twice as much.
   * @default 16 MiB
   */
  readonly roomFloorBytes?: number
  /** When replicas that run are due for a snapshot. @default rqlited's own: 4 MiB of WAL or 8,192 log entries */
  readonly snapshots?: Partial<SnapshotPolicy>
}

/** Where the ports of a replica that is known from before are taken, and given back. */
export interface ReplicaPorts {
  reserve(name: string, ports: { readonly httpPort: number; readonly raftPort: number }): unknown
  release(name: string): void
  /** The pair is a sleeping replica's home: others get it last. */
  rest(name: string): void
}

export interface ReplicaHostComponents {
  readonly logger: Logger
  readonly ports: ReplicaPorts
  readonly security: ReplicaSecurity
  /** Where rqlited processes are started. @default children of this process */
  readonly processes?: ProcessHost
}

/** A replica that is to be up. */
export interface HostedReplicaRequest {
  readonly name: string
  readonly decree: Decree
  readonly assignment: ReplicaAssignment
  readonly start: ReplicaStart
  /**
   * The recovery of its cluster that a newcomer comes into, or that this start makes. A member that comes back is of the
   * one that its directory tells. @default 0
   */
  readonly recovery?: number
  /** Report when Raft's configuration holds this many voters. */
  readonly gather?: number
  /** Its database has a majority without it: where starts wait for their turn, it comes after the others. */
  readonly late?: boolean
}

/** What a host tells about a replica that it was asked to run; each any number of times. */
export interface HostedReplicaListener {
  /** It serves: a read through Raft worked. Its directory is of this recovery of its cluster. */
  ready(recovery: number): void
  gathered(voters: number): void
  failed(error: string): void
  /** A newcomer's rqlited is up, and a member of nothing. */
  warmed(): void
  /** Its directory is not the one it left: it was not started, and must be removed as a voter and added anew. */
  lost(reason: string): void
}

/** A replica as the query path uses it. */
export interface HostedReplica {
  readonly client: RqliteClient
  readonly capabilities: RqliteCapabilities
  readonly raftId: string
  /** Names this run of its process, on this node for good: what was learnt of another one is void. */
  readonly incarnation: string
}

/** Runs the rqlited processes of one node, one for each database that has a replica here. */
export interface ReplicaHost {
  /** Starts it, after ending what runs of it. What a planned stop left is void before its process can exist. */
  start(request: HostedReplicaRequest, listener: HostedReplicaListener): void
  /**
   * The planned stop of an awake period: a snapshot, so that nothing is evaluated again at the next start, then SIGTERM.
   * Its ports may be handed to others, last of all. Nothing may be writing to the database.
   * @returns what the replica may later show to be given new addresses; undefined where it had not applied everything
   */
  sleep(name: string, about: { readonly run: number }): Promise<StopRecord | undefined>
  /** Stops the process; ports and directory stay as they are. */
  halt(name: string): Promise<void>
  /** Stops the process, sets its directory aside and frees its ports. A replica that isn't here is no error. */
  remove(name: string, reason: string): Promise<void>
  get(name: string): HostedReplica | undefined
  /** What the local rqlited knows of Raft; undefined when none answers. */
  view(name: string): Promise<RaftView | undefined>
  /**
   * The same, of a leader that has just proved itself by a read through Raft: its voters are those of a configuration
   * that is committed, or is about to be. Undefined when the local rqlited does not lead.
   */
  proveLeadership(name: string): Promise<RaftView | undefined>
  /**
   * What the local rqlited knew of Raft before a read through Raft that worked: its voters are those of a configuration
   * that is committed, as of its last log index. Also of a follower. Undefined when no leader could be read through.
   */
  proveVoters(name: string): Promise<RaftView | undefined>
  /**
   * Removes a voter through the local rqlited, or the leader that it follows; resolves once that is committed.
   * @throws DbClusterError what rqlited answers
   */
  removeVoter(name: string, raftId: string): Promise<void>
  /** Whether this node reaches something on a Raft port. */
  dial(host: string, raftPort: number): Promise<boolean>
  /** Leaves so little of the log that a newcomer is sent the database instead. Where that fails it takes longer. */
  shortenLog(name: string): Promise<void>
  /** What the last planned stop left; undefined once the replica was started again, or when it wasn't planned. */
  stopRecord(name: string): Promise<StopRecord | undefined>
  /** Every replica's directory on this node's disk, known to anybody or not. */
  inspect(): Promise<readonly ReplicaDirectory[]>
  /** Stops all by plan, each after a snapshot, and waits until they are gone. Ports stay theirs. */
  stopAll(): Promise<void>
}
