import type {
  AcceptorEntry,
  Ballot,
  DatabaseRecord,
  DbClusterError,
  DeclineReason,
  Decree,
  KeyGrant,
  KeyRecord,
  MetadataRecord,
  NodeInfo,
  NodeMessage,
  RaftPosition,
  ReplicaAssignment,
  Roster,
  StopRecord,
} from '@dbcluster/protocol'
import type { RepairEffect, RepairEvent } from './repair/repair-events.js'

/** What this node remembers of a replica it hosts; on disk before its rqlited is first spawned. */
export interface LocalReplica {
  readonly name: string
  readonly generation: number
  readonly clusterId: string
  readonly assignment: ReplicaAssignment
  /** Its rqlited was spawned once: from then on it only ever restarts with the state it has. */
  readonly spawned: boolean
  /** The awake period that it is in, or was in last; only grows. */
  readonly run: number
  /** It was stopped by plan at the end of `run`. */
  readonly asleep: boolean
  /** Where Raft's configuration has it. @default where the assignment says */
  readonly address?: PortOffer
  /**
   * `warm`: a newcomer that is a member of nothing. `joining`: one that was told to join, and that no placement has held
   * yet. Absent: a member.
   */
  readonly role?: 'warm' | 'joining'
  /** Whom a newcomer joins through. */
  readonly joinAddresses?: readonly string[]
  /** Why its directory counts as lost: it is never started again. Absent: it does not. */
  readonly lost?: string
  /** The recovery of its cluster that its directory was last said to be of. @default 0 */
  readonly recovery?: number
}

/** This node's vote on the roster that follows the current one. */
export interface RosterVote {
  readonly epoch: number
  readonly promised: Ballot
  readonly accepted?: { readonly ballot: Ballot; readonly roster: Roster }
}

/** Everything that must survive a restart, as read from the store. */
export interface Memory {
  readonly roster?: Roster
  readonly rosterVote?: RosterVote
  readonly acceptors: readonly AcceptorEntry[]
  readonly records: readonly MetadataRecord[]
  readonly replicas: readonly LocalReplica[]
  /** An operator is emptying this node. @default false */
  readonly draining?: boolean
}

/** How a replica's rqlited is to come up. */
export type ReplicaStart =
  | { readonly kind: 'bootstrap' }
  | { readonly kind: 'join'; readonly addresses: readonly string[] }
  /** On other ports than before: it reaches the others, who do not reach it. */
  | { readonly kind: 'restart' }
  /** A newcomer that is up and a member of nothing; a later `join` makes it one. */
  | { readonly kind: 'warm' }
  /** A member on a new address: only while the other voters have quorum without it. */
  | { readonly kind: 'rejoin'; readonly addresses: readonly string[] }
  /** With these voters in place of those that Raft knows: only where all of them stopped at one index. */
  | { readonly kind: 'recover'; readonly peers: readonly { readonly id: string; readonly address: string }[] }

/** Where leased ports are, before they become an assignment. */
export interface PortOffer {
  readonly host: string
  readonly httpPort: number
  readonly raftPort: number
}

/** Everything that can happen to a coordinator. Nothing else is read. */
export type CoordinatorEvent =
  | RepairEvent
  | { readonly type: 'started'; readonly founder: boolean; readonly info: NodeInfo }
  | { readonly type: 'ticked' }
  /** What this node says of itself is otherwise now: its addresses are known, say. */
  | { readonly type: 'selfChanged'; readonly info: NodeInfo }
  /** The node is going down in order: nothing new is placed here. */
  | { readonly type: 'stopRequested' }
  | { readonly type: 'peerConnected'; readonly peerId: string }
  | { readonly type: 'peerDisconnected'; readonly peerId: string }
  | { readonly type: 'messageReceived'; readonly from: string; readonly message: NodeMessage }
  | { readonly type: 'ensureAsked'; readonly askId: string; readonly name: string }
  | { readonly type: 'deleteAsked'; readonly askId: string; readonly name: string }
  /** An API key was made, or ended: without `grant` it is revoked. */
  | { readonly type: 'keyAsked'; readonly askId: string; readonly id: string; readonly grant?: KeyGrant }
  | { readonly type: 'portsLeased'; readonly leaseKey: string; readonly offer: PortOffer }
  | { readonly type: 'portsRefused'; readonly leaseKey: string; readonly reason: DeclineReason }
  | {
      readonly type: 'replicaReady'
      readonly name: string
      readonly clusterId: string
      /** The recovery of its cluster that its directory is of. @default what was known */
      readonly recovery?: number
    }
  | { readonly type: 'replicaGathered'; readonly name: string; readonly clusterId: string; readonly voters: number }
  | { readonly type: 'replicaFailed'; readonly name: string; readonly clusterId: string; readonly error: string }
  /** A newcomer's rqlited is up, and a member of nothing. */
  | { readonly type: 'replicaWarmed'; readonly name: string; readonly clusterId: string }
  | { readonly type: 'replicaRemoved'; readonly name: string; readonly clusterId: string }
  /** Its directory is missing, emptied or older than it should be: it was not started. */
  | { readonly type: 'replicaLost'; readonly name: string; readonly clusterId: string; readonly reason: string }
  | { readonly type: 'idleChecked'; readonly name: string; readonly inFlight: number; readonly idleMs: number }
  /** A query waits at a closed gate. Told once for any number of them, and again while they wait. */
  | { readonly type: 'queryHeld'; readonly name: string }
  | ({
      readonly type: 'queriesHeld'
      readonly attempt: number
      /** The gate is closed and nothing is under way behind it. */
      readonly held: boolean
      /** Where the local rqlited stands, when it could be asked. */
      readonly raft?: RaftPosition
    } & ReplicaRun)
  /** The process is gone. Without a record it did not stop where it was to. */
  | ({ readonly type: 'replicaSlept'; readonly record?: StopRecord } & ReplicaRun)
  | ({
      readonly type: 'wakePortsLeased'
      readonly offer: PortOffer
      readonly stopRecord?: StopRecord
    } & ReplicaRun)
  | ({ readonly type: 'wakePortsRefused'; readonly reason: DeclineReason } & ReplicaRun)
  | { readonly type: 'hibernateAsked'; readonly askId: string; readonly name: string }
  | { readonly type: 'wakeAsked'; readonly askId: string; readonly name: string }

/** One awake period of a replica here. */
export interface ReplicaRun {
  readonly name: string
  readonly clusterId: string
  readonly run: number
}

/** A key of the durable store and its new value; `undefined` deletes. */
export interface StoreWrite {
  readonly key: string
  readonly value: unknown
}

/** What the shell is to do, in order. A `persist` is on disk before any later `send`, `publish`, start or answer. */
export type CoordinatorEffect =
  | RepairEffect
  | { readonly type: 'persist'; readonly writes: readonly StoreWrite[] }
  | { readonly type: 'send'; readonly to: string; readonly message: NodeMessage }
  | { readonly type: 'publish'; readonly message: NodeMessage }
  | { readonly type: 'leasePorts'; readonly leaseKey: string }
  | { readonly type: 'confirmPorts'; readonly leaseKey: string; readonly name: string }
  | { readonly type: 'releasePorts'; readonly leaseKey: string }
  | {
      readonly type: 'startReplica'
      readonly name: string
      readonly decree: Decree
      readonly assignment: ReplicaAssignment
      readonly start: ReplicaStart
      /**
       * The recovery of its cluster that a newcomer comes into, or that this start makes; a member that comes back is of
       * the one that its directory tells. @default 0
       */
      readonly recovery?: number
      /** Report voters until this many are in Raft's configuration; absent when nobody waits for that. */
      readonly gather?: number
      /** A majority comes up without it: where many start at once, it may come after theirs. */
      readonly late?: boolean
    }
  /** Stop the process, then set its directory aside; answered by `replicaRemoved`. */
  | { readonly type: 'removeReplica'; readonly name: string; readonly clusterId: string; readonly reason: string }
  /** Answered by `idleChecked`. */
  | { readonly type: 'checkIdle'; readonly name: string }
  /** Close the gate unless something is under way, or was within `idleForMs`; answered by `queriesHeld`. */
  | ({ readonly type: 'holdQueries'; readonly attempt: number; readonly idleForMs: number } & ReplicaRun)
  /** Queries wait from now on, whatever is under way. */
  | { readonly type: 'closeGate'; readonly name: string }
  /** Queries pass, those that waited too. With `woke` the database has been asleep: its idleness counts anew. */
  | { readonly type: 'openGate'; readonly name: string; readonly woke: boolean }
  /** Snapshot, stop, keep the stop record, let the ports rest; answered by `replicaSlept`. */
  | ({ readonly type: 'sleepReplica' } & ReplicaRun)
  /** Ports of a replica that sleeps: given to others last. */
  | { readonly type: 'restPorts'; readonly name: string; readonly ports: PortOffer }
  /** Stop what may run, then take the preferred ports, or others where those are taken; answered by `wakePorts…`. */
  | ({ readonly type: 'leaseWakePorts'; readonly preferred: PortOffer } & ReplicaRun)
  | { readonly type: 'answer'; readonly askId: string; readonly result: AskResult }
  /** What is known of the key now; on disk here, and on its way to the others. */
  | { readonly type: 'keyAnswered'; readonly askId: string; readonly record: KeyRecord }
  | { readonly type: 'recordChanged'; readonly record: MetadataRecord }
  | { readonly type: 'rosterChanged'; readonly roster: Roster }
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error' | 'debug'
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }

/** How an asked creation or deletion ended. */
export type AskResult =
  | { readonly ok: true; readonly record: DatabaseRecord; readonly created: boolean }
  | { readonly ok: false; readonly error: DbClusterError }
