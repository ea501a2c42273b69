import type { DbClusterError } from '@dbcluster/protocol'

/** One voter of a Raft configuration. */
export interface RaftVoter {
  readonly id: string
  /** `host:port` of its Raft port. */
  readonly address: string
}

/** What a local rqlited says of its cluster. */
export interface RaftSeen {
  readonly raftId: string
  readonly isLeader: boolean
  /** Undefined while no leader is known. */
  readonly leaderId?: string | undefined
  readonly lastLogIndex: number
  readonly voters: readonly RaftVoter[]
}

/** A directory of a replica, found on disk. */
export interface FoundReplica {
  readonly name: string
  /** Whose it is; undefined where that was never recorded. */
  readonly member: { readonly clusterId: string; readonly raftId: string } | undefined
}

/** How far a replica's log goes. */
export interface ReplicaSurvey {
  readonly lastIndex: number
  readonly lastTerm: number
  readonly hasLeader: boolean
}

/** What an operator may ask of a node. */
export type OperatorRequest =
  /** Have its replicas moved away, and place none there; or no longer. */
  | { readonly kind: 'drain'; readonly on: boolean }
  /** Strike a member off the roster. */
  | { readonly kind: 'forget'; readonly peerId: string }
  /** Change how many replicas a database has. */
  | { readonly kind: 'setReplication'; readonly name: string; readonly replicationFactor: number }
  /** Go on from one surviving replica; without `confirmed` only tell what is left. */
  | { readonly kind: 'recover'; readonly name: string; readonly confirmed: boolean }

/** How an operator's request ended. */
export type OperatorResult =
  | { readonly ok: true; readonly details: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: DbClusterError }

/** Events of health and repair. */
export type RepairEvent =
  /** The network's checks of a peer came to another conclusion. */
  | { readonly type: 'peerChecked'; readonly peerId: string; readonly healthy: boolean }
  /** Answers `lookAtRaft`; without `view` rqlited did not answer, or could not prove it. */
  | {
      readonly type: 'raftSeen'
      readonly name: string
      readonly clusterId: string
      readonly proved: boolean
      readonly view?: RaftSeen
    }
  | { readonly type: 'replicaDialled'; readonly name: string; readonly repairId: string; readonly reached: boolean }
  | {
      readonly type: 'voterRemoved'
      readonly name: string
      readonly clusterId: string
      readonly raftId: string
      readonly error?: string
    }
  | { readonly type: 'replicasFound'; readonly replicas: readonly FoundReplica[] }
  /** Answers `surveyReplica`; without `survey` nothing could be learnt. */
  | { readonly type: 'replicaSurveyed'; readonly surveyId: string; readonly survey?: ReplicaSurvey }
  | { readonly type: 'operatorAsked'; readonly askId: string; readonly request: OperatorRequest }

/** Effects of health and repair. */
export type RepairEffect =
  /** With `prove` by a read through Raft. Answered by `raftSeen`. */
  | { readonly type: 'lookAtRaft'; readonly name: string; readonly clusterId: string; readonly prove: boolean }
  /** Answered by `replicaDialled`. */
  | {
      readonly type: 'dialReplica'
      readonly name: string
      readonly repairId: string
      readonly host: string
      readonly raftPort: number
    }
  /** Through the cluster's leader; answered by `voterRemoved` once that is committed. */
  | { readonly type: 'removeVoter'; readonly name: string; readonly clusterId: string; readonly raftId: string }
  /** Answered by `replicasFound`. */
  | { readonly type: 'findReplicas' }
  /** Answered by `replicaSurveyed`. */
  | { readonly type: 'surveyReplica'; readonly name: string; readonly surveyId: string }
  | { readonly type: 'operatorAnswer'; readonly askId: string; readonly result: OperatorResult }
