import { compareText, type DeclineReason, type ReplicaAssignment } from '@dbcluster/protocol'

/** One attempt to bring in one newcomer. */
export interface Repair {
  readonly repairId: string
  /**
   * - `asking`: offers are collected
   * - `starting`: the chosen node starts its rqlited
   * - `dialling`: it is being reached from here
   * - `ready`: it may join once there is room for it
   * - `joining`: it was told to
   */
  readonly phase: 'asking' | 'starting' | 'dialling' | 'ready' | 'joining'
  readonly startedMs: number
  /** When this phase has taken too long. */
  readonly deadlineMs: number
  readonly asked: readonly string[]
  readonly offers: readonly Offer[]
  readonly declined: ReadonlyMap<string, DeclineReason>
  /** The newcomer, from `starting` on. */
  readonly newcomer?: ReplicaAssignment
}

/** Room on a node, and how full it is. */
export interface Offer {
  readonly assignment: ReplicaAssignment
  /** Share of its room that is taken, from 0 to 1. */
  readonly load: number
}

/** The best of several offers: on a machine without a replica before others, then by room; ties by peer id. */
export const chooseOffer = (offers: readonly Offer[], hostsTaken: ReadonlySet<string>): Offer | undefined =>
  [...offers].sort(
    (a, b) =>
      Number(hostsTaken.has(a.assignment.host)) - Number(hostsTaken.has(b.assignment.host)) ||
      a.load - b.load ||
      compareText(a.assignment.peerId, b.assignment.peerId),
  )[0]

/** A replica here whose rqlited is meant to run as a member of its cluster. */
export interface AwakeReplica {
  readonly name: string
  readonly clusterId: string
}

/** What the controller of one node knows about one database that its rqlited leads, or follows. */
export interface Watch {
  readonly clusterId: string
  nextLookMs: number
  /** A look is under way since. */
  lookingSinceMs?: number | undefined
  /** A removal is under way since. */
  removingSinceMs?: number | undefined
  /** The voter that was removed from here last: it will not come back. */
  removed?: string
  /** A placed member on a live node is no voter since. */
  absentSinceMs?: number | undefined
  /** No leader is known since. */
  leaderlessSinceMs?: number | undefined
  /** When that was last found to be too long. */
  strandedSinceMs?: number | undefined
  /** It was said that this database is unavailable. */
  saidUnavailable: boolean
  repair?: Repair | undefined
  /** Before then no newcomer is looked for again. */
  retryAtMs: number
  failures: number
  /** Nodes that a newcomer failed on, and until when they are asked last. */
  readonly shunned: Map<string, number>
}

export const newWatch = (clusterId: string, nowMs: number): Watch => ({
  clusterId,
  nextLookMs: nowMs,
  saidUnavailable: false,
  retryAtMs: 0,
  failures: 0,
  shunned: new Map(),
})
