import type { DeclineReason, Decree, Logger, NodeInfo, ReplicaAssignment } from '@dbcluster/protocol'
import type { PortOffer, ReplicaStart, StoreWrite } from '../core/events.js'

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
}

/** Where ports come from. */
export interface PortSource {
  /** @throws DbClusterError `PORTS_EXHAUSTED` */
  lease(leaseKey: string): Promise<PortOffer>
  /** The leased ports now belong to this database's replica. */
  confirm(leaseKey: string, name: string): void
  release(leaseKey: string): void
}

/** What a replica that was started may come to say, any number of times. */
export interface ReplicaListener {
  ready(): void
  gathered(voters: number): void
  failed(error: string): void
}

/** Where rqlited processes run. */
export interface ReplicaHost {
  start(
    request: {
      readonly name: string
      readonly decree: Decree
      readonly assignment: ReplicaAssignment
      readonly start: ReplicaStart
      readonly gather?: number
    },
    listener: ReplicaListener,
  ): void
  /** Stops the process, sets its directory aside and frees its ports. */
  remove(name: string, reason: string): Promise<void>
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
  readonly clock: CoordinatorClock
  readonly logger: Logger
  /** Unguessable hex characters, two for each byte. */
  randomHex(bytes: number): string
  /** Incarnation of the store: 16 hex characters made with it. */
  readonly incarnation: string
  /** What this node tells others of itself. */
  describeSelf(): NodeInfo
}

/** Why a lease was refused, from the error that refused it. */
export const declineReasonOf = (code: string): DeclineReason => (code === 'PORTS_EXHAUSTED' ? 'no_ports' : 'disk')
