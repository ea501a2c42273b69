import type { ClientRequest, Consistency, Principal } from '@dbcluster/protocol'
import type { DataOperation } from './admission/needs.js'
import type { Deadline } from './deadline.js'

/** One request on its way: who asks, what, for how long, and how often it was passed on. */
export interface Ask {
  /** Peer id that it came from. */
  readonly from: string
  readonly principal: Principal
  readonly request: ClientRequest
  /** 0 where the application asked; one more with each node that passed it on. */
  readonly hops: number
  readonly deadline: Deadline
}

/** A request that runs on a replica. */
export interface Passage extends Ask {
  readonly request: ClientRequest & { readonly operation: DataOperation }
  /** Whether trying it twice can change nothing, whatever became of the first time. */
  readonly readOnly: boolean
  /** The leader's node is gone, its rqlited is not: our follower passes on what needs it, over the Raft port. */
  readonly throughFollower?: boolean
  /** Told at which level a read was really made. */
  readonly usedConsistency: (level: Consistency) => void
  /** Told how long it waited for the database to wake. */
  readonly woken: (ms: number) => void
}
