import type { ReplicaSecurity } from '../security/replica-security.js'
import type { ReplicaTiming, TimingProfile } from './timing.js'

/** How a replica comes to be a member of its database's Raft cluster. */
export type ReplicaStart =
  /** Founds the cluster; refused where Raft state of another start exists. */
  | { readonly kind: 'bootstrap' }
  /** Joins through the Raft addresses (`host:port`) of members; refused where it is a member already. */
  | { readonly kind: 'join'; readonly addresses: readonly string[] }
  /**
   * Is a member and comes back; refused where there is no Raft state, since rqlited would found a cluster. On another
   * Raft port than before it can reach the others, who cannot reach it: it serves while it leads, until it rejoins.
   */
  | { readonly kind: 'restart' }
  /** A newcomer's rqlited, up on its ports and a member of nothing; a later `join` makes it one. It cannot bootstrap. */
  | { readonly kind: 'warm' }
  /**
   * A member comes back on another Raft address. The leader removes its id and adds it again, so the *other* voters must
   * have a majority among themselves: with one of three absent it wedges.
   */
  | { readonly kind: 'rejoin'; readonly addresses: readonly string[] }
  /**
   * A member comes back with these voters instead of those that it knows (rqlite's `raft/peers.json`). Only where every
   * voter stopped at one and the same index, or where an operator accepts what that may lose.
   */
  | { readonly kind: 'recover'; readonly peers: readonly RecoveryPeer[] }

/** One voter of a recovered cluster. */
export interface RecoveryPeer {
  readonly id: string
  /** `host:port` of its Raft port. */
  readonly address: string
}

/** One replica of one database on this node. */
export interface ReplicaSpec {
  /** Internal name, for logs and errors: `myapp_users`. */
  readonly database: string
  /** Tells two clusters of one name apart. */
  readonly clusterId: string
  /** How often its cluster was recovered from one replica alone; replicas of different counts keep apart. @default 0 */
  readonly recovery?: number
  /** rqlite's `-node-id`; never an address, for it must outlive a change of ports. */
  readonly raftId: string
  /** The replica's own directory, absolute; rqlited's data goes to `rqlite/` within. */
  readonly directory: string
  /** On 127.0.0.1. */
  readonly httpPort: number
  /** Host on which the Raft port is bound and under which the other replicas reach it. */
  readonly raftHost: string
  readonly raftPort: number
  readonly start: ReplicaStart
  readonly timing: TimingProfile | ReplicaTiming
  /** SQLite's foreign keys; fixed for a database at its creation. */
  readonly foreignKeys: boolean
  /** Whether a leader hands leadership over when it is stopped. @default true */
  readonly shutdownStepdown?: boolean
  /**
   * Protects the HTTP port with a credential and the Raft port with mutual TLS. All replicas of a database have the
   * same. @default none: both ports are open to whoever reaches them
   */
  readonly security?: ReplicaSecurity
  /** How long the replica's certificate is good for, in milliseconds. @default 365 days */
  readonly certificateLifetimeMs?: number
}
