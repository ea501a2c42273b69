import type { Authenticator } from '@dbcluster/auth'
import type { Coordinator } from '@dbcluster/coordinator'
import type { AuditLog, Logger } from '@dbcluster/protocol'
import type { RqliteCapabilities, RqliteClient } from '@dbcluster/rqlite'
import type { SqlPlanner } from '@dbcluster/sql'
import type { AdmissionLimits } from './admission/admission.js'
import type { QueryLimits } from './admission/query-limits.js'
import type { QueryGates } from './gates.js'

/** A replica on this node whose rqlited is meant to run. */
export interface LocalReplica {
  readonly client: RqliteClient
  readonly capabilities: RqliteCapabilities
  readonly raftId: string
  /** Names this run of its process, on this node for good: what was learnt of another one is void. */
  readonly incarnation: string
}

/** The replicas that this node hosts. */
export interface LocalReplicas {
  get(name: string): LocalReplica | undefined
}

/** What the query path needs of the network. */
export interface QueryNetwork {
  readonly peerId: string
  request(
    peerId: string,
    protocol: string,
    payload: Uint8Array,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<Uint8Array>
  multiaddrs(): readonly string[]
  knownAddresses(peerId: string): readonly string[]
  connectedPeers(): readonly string[]
  health(peerId: string): {
    readonly state: 'healthy' | 'suspect' | 'unhealthy'
    readonly lastSeenAt: Date | undefined
  }
}

/** Everything the query path works with. */
export interface QueryComponents {
  readonly coordinator: Pick<
    Coordinator,
    | 'ensure'
    | 'remove'
    | 'hibernate'
    | 'wake'
    | 'operate'
    | 'database'
    | 'record'
    | 'databases'
    | 'nodes'
    | 'roster'
    | 'admitted'
    | 'key'
    | 'keys'
    | 'putKey'
  >
  readonly network: QueryNetwork
  readonly replicas: LocalReplicas
  /** One of them in front of each replica here. */
  readonly gates: QueryGates
  readonly authenticator: Authenticator
  readonly planner: SqlPlanner
  readonly limits: QueryLimits
  readonly admission: AdmissionLimits
  readonly audit: AuditLog
  readonly logger: Logger
  /** The time, in milliseconds since 1970. */
  nowMs(): number
}
