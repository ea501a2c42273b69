import type { ReplicaAssignment, ReplicaState } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import { ownReplicaState } from './own-replica-state.js'

/** What this node tells the others of its own replicas. */
export class ReplicaReports {
  readonly #context: CoreContext

  constructor(context: CoreContext) {
    this.#context = context
  }

  /** What was told last. */
  own(name: string): ReplicaState | undefined {
    return this.#context.table.database(name)?.replicas[this.#context.self.peerId]?.value
  }

  /** A replica that others were told of, and that is here no more. */
  gone(name: string, raftId: string): void {
    const own = this.own(name)
    if (own?.address?.raftId !== raftId || own.status === 'lost') return
    this.put(name, { clusterId: own.clusterId, status: 'lost' }, { peerId: this.#context.self.peerId, ...own.address })
  }

  put(name: string, state: ReplicaState, assignment: ReplicaAssignment | undefined): void {
    const known = this.#context.table.database(name)
    if (known === undefined) return
    const own = ownReplicaState(known, state, assignment)
    const record = this.#context.table.putReplicaState(name, own)
    // Somebody waits for these: the creation's coordinator, or the node of the leader.
    const isAwaited = own.voters !== undefined || own.status === 'lost' || own.address !== undefined
    // How long a database takes to sleep or to wake hangs on what its replicas know of each other.
    const others = (record?.placement?.replicas ?? record?.decree.replicas ?? []).map((replica) => replica.peerId)
    if (record !== undefined)
      this.#context.keep([record], { directly: isAwaited ? this.#context.liveMembers() : others })
  }

  /** A replica that does not run; while its cluster is being created, its coordinator proposes again without this node. */
  failure(
    name: string,
    clusterId: string,
    about: { readonly reason: string; readonly assignment: ReplicaAssignment | undefined },
  ): void {
    const error = about.reason.slice(-2_000)
    this.put(name, { clusterId, status: 'failed', error }, about.assignment)
    if (this.#context.table.database(name)?.established === false)
      this.#context.sendToRoster({ type: 'DATABASE_REPLICA_FAILED', name, clusterId, error })
  }
}
