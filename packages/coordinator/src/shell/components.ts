import type {
  DbClusterError,
  DeclineReason,
  Decree,
  Logger,
  NodeInfo,
  ReplicaAssignment,
  StopRecord,
} from '@dbcluster/protocol'
import type { PortOffer, ReplicaStart, StoreWrite } from '../core/events.js'
import type { FoundReplica, RaftSeen } from '../core/repair/repair-events.js'

/** Where what must survive a restart is kept. `write` resolves once it is on disk. */
export interface CoordinatorStore {
  entries(prefix: string): Promise<readonly (readonly [key: string, value: unknown])[]>
  write(batch: readonly StoreWrite[]): Promise<void>
}

/** How nodes speak to each other: one way, best effort, in order per peer while a connection lasts. */
export interface Messenger {
  readonly peerId: string
  connectedPeers(): readonly string[]
  notify(peerId: string, protocol: string, payload: Uint8Array): void
  publish(topic: string, payload: Uint8Array): Promise<number>
  handleMessages(
    protocol: string,
    handler: (message: { readonly from: string; readonly payload: Uint8Array }) => void,
  ): () => void
  subscribe(
    topic: string,
    handler: (message: { readonly from: string; readonly payload: Uint8Array }) => void,
  ): () => void
  onPeerConnected(listener: (peerId: string) => void): () => void
  onPeerDisconnected(listener: (peerId: string) => void): () => void
  /** Told when the checks of a peer come to another conclusion. */
  onHealthChanged(listener: (peerId: string, health: { readonly state: string }) => void): () => void
}

/** Where ports come from. */
export interface PortSource {
  /** @throws DbClusterError `PORTS_EXHAUSTED` */
  lease(leaseKey: string): Promise<PortOffer>
  /** The leased ports now belong to this database's replica. */
  confirm(leaseKey: string, name: string): void
  release(leaseKey: string): void
  /** Ports of a database's replica: the preferred ones, or others where those can't be bound. @throws DbClusterError `PORTS_EXHAUSTED` */
  leaseFor(name: string, preferred: PortOffer): Promise<PortOffer>
  /** These are the home of a replica that sleeps: others get them last. */
  rest(name: string, ports: PortOffer): void
}

/** How a replica stood when it was stopped by plan. */
export type StoppedReplica = Omit<StopRecord, 'voters'> & {
  readonly voters: readonly { readonly id: string; readonly address: string }[]
}

/** Raft as a local rqlited sees it. */
export interface RaftSight {
  readonly isLeader: boolean
  readonly lastLogIndex: number
  readonly lastLogTerm: number
  readonly commitIndex: number
  readonly appliedIndex: number
  readonly voters: readonly { readonly id: string; readonly address: string }[]
}

/** The gates in front of this node's replicas: every operation on one passes its gate. */
export interface QueryGates {
  /** Operations under way, and for how long there was none (0 while there is one). */
  activity(name: string): { readonly inFlight: number; readonly idleMs: number }
  /** Closes it if nothing is under way and nothing was for so long. @returns whether it is closed */
  hold(name: string, idleForMs: number): boolean
  /** Closes it, whatever is under way. */
  close(name: string): void
  /** Opens it, to those who wait as well; `woke` says that the database had been asleep. */
  open(name: string, passed: { readonly woke: boolean }): void
  /** Told of the first query that waits, and from time to time while any waits. */
  onHeld(listener: (name: string) => void): () => void
}

/** What a replica that was started may come to say, any number of times. */
export interface ReplicaListener {
  /** @param recovery the one of its cluster that its directory is of */
  ready(recovery: number): void
  gathered(voters: number): void
  failed(error: string): void
  /** A newcomer's rqlited is up, and a member of nothing. */
  warmed(): void
  /** Its directory is missing, emptied or older than it should be: nothing was started. */
  lost(reason: string): void
}

/** Where rqlited processes run. */
export interface ReplicaHost {
  start(
    request: {
      readonly name: string
      readonly decree: Decree
      readonly assignment: ReplicaAssignment
      readonly start: ReplicaStart
      readonly recovery?: number
      readonly gather?: number
      readonly late?: boolean
    },
    listener: ReplicaListener,
  ): void
  /** Stops the process, sets its directory aside and frees its ports. */
  remove(name: string, reason: string): Promise<void>
  /** What the local rqlited says of Raft; undefined when it doesn't answer. */
  view(name: string): Promise<(RaftSight & RaftSeen) | undefined>
  /** Snapshot, SIGTERM, stop record, ports at rest; undefined when it stopped without a record. */
  sleep(name: string, options: { readonly run: number }): Promise<StoppedReplica | undefined>
  /** Stops the process, with no record; the ports stay reserved. */
  halt(name: string): Promise<void>
  stopRecord(name: string): Promise<StoppedReplica | undefined>
  /** The same, proved by a read through Raft: the configuration is committed. Undefined when that fails. */
  proveVoters?(name: string): Promise<RaftSeen | undefined>
  /** Through the cluster's leader; resolves once it is committed. */
  removeVoter?(name: string, raftId: string): Promise<void>
  /** Whether this node reaches a Raft port. */
  dial?(host: string, raftPort: number): Promise<boolean>
  /** Makes a newcomer's way short: it is sent the database, and not all that led to it. */
  shortenLog?(name: string): Promise<void>
  /** Directories of replicas that dbcluster made. */
  inspect?(): Promise<readonly FoundReplica[]>
}

/** Time and chance, injected. */
export interface CoordinatorClock {
  nowMs(): number
  /** Calls back once; the returned function calls it off. */
  callAfter(delayMs: number, callback: () => void): () => void
}

/** Everything a coordinator works with. */
export interface CoordinatorComponents {
  readonly store: CoordinatorStore
  readonly messenger: Messenger
  readonly ports: PortSource
  readonly replicas: ReplicaHost
  readonly gates: QueryGates
  readonly clock: CoordinatorClock
  readonly logger: Logger
  /** Unguessable hex characters, two for each byte. */
  randomHex(bytes: number): string
  /** Incarnation of the store: 16 hex characters made with it. */
  readonly incarnation: string
  /** What this node tells others of itself. */
  describeSelf(): NodeInfo
  /** The store refused a write: this coordinator does nothing more. Started anew it goes on from what is on disk. @default nobody is told */
  readonly onStoreFailed?: (error: DbClusterError) => void
}

/** Why a lease was refused, from the error that refused it. */
export const declineReasonOf = (code: string): DeclineReason => (code === 'PORTS_EXHAUSTED' ? 'no_ports' : 'disk')
