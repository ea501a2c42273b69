import { effectiveReplicas } from '@dbcluster/metadata'
import type { DatabaseRecord, NodeMessage, ReplicaAssignment, ReplicaState } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { LocalReplica, PortOffer, ReplicaStart } from '../events.js'
import type { Life } from './life.js'

/** What lives need of hosting: the durable part, and the process. */
export interface LifeHost {
  replica(name: string): LocalReplica | undefined
  /** Changes what is remembered of a replica, on disk. */
  amend(name: string, change: Partial<Pick<LocalReplica, 'run' | 'asleep' | 'address'>>): void
  start(name: string, start: ReplicaStart, at: PortOffer): void
  /** Why the database should not fall asleep by itself now; undefined when it may. */
  staysAwakeFor(name: string): string | undefined
  /** Tells everybody how our replica does. */
  report(name: string, state: Omit<ReplicaState, 'clusterId'>): void
}

/** The lives of this node's replicas, and what is known of the others of each. Knows no rule. */
export class Lives {
  readonly context: CoreContext
  readonly host: LifeHost
  readonly #lives = new Map<string, Life>()

  constructor(context: CoreContext, host: LifeHost) {
    this.context = context
    this.host = host
  }

  get(name: string): Life | undefined {
    return this.#lives.get(name)
  }

  /** The life of this very cluster. */
  of(key: { readonly name: string; readonly clusterId: string }): Life | undefined {
    const life = this.#lives.get(key.name)
    return life?.clusterId === key.clusterId ? life : undefined
  }

  all(): readonly Life[] {
    return [...this.#lives.values()]
  }

  set(life: Life): void {
    this.#lives.set(life.name, life)
  }

  forget(name: string): void {
    this.#lives.delete(name)
  }

  record(life: Life): DatabaseRecord | undefined {
    const record = this.context.usable(life.name)
    return record?.decree.clusterId === life.clusterId ? record : undefined
  }

  placed(life: Life): readonly ReplicaAssignment[] {
    const record = this.record(life)
    return record === undefined ? [] : effectiveReplicas(record)
  }

  others(life: Life): readonly ReplicaAssignment[] {
    return this.placed(life).filter((replica) => replica.peerId !== this.context.self.peerId)
  }

  /**
   * Whether the record that is known has our replica struck off its cluster. That is acted upon once records have been
   * compared; until then it must not join the others again, or Raft would have it as a voter while it goes.
   */
  isStruckOff(life: Life): boolean {
    const replica = this.host.replica(life.name)
    const placement = this.record(life)?.placement
    if (replica === undefined || placement === undefined || replica.role !== undefined) return false
    return !placement.replicas.some(({ raftId }) => raftId === replica.assignment.raftId)
  }

  ownRaftId(life: Life): string {
    return this.host.replica(life.name)?.assignment.raftId ?? ''
  }

  /** What another node says of its replica of this cluster. */
  stateOf(life: Life, peerId: string): ReplicaState | undefined {
    const state = this.context.table.database(life.name)?.replicas[peerId]?.value
    return state?.clusterId === life.clusterId ? state : undefined
  }

  /** Other replicas that serve in this run, or a later one. */
  activeOthers(life: Life): number {
    return this.others(life).filter(({ peerId }) => {
      const state = this.stateOf(life, peerId)
      return state?.status === 'active' && runOf(state) >= life.run && this.context.isLive(peerId)
    }).length
  }

  /** The others have a majority among themselves. */
  servedWithout(life: Life): boolean {
    return this.activeOthers(life) >= Math.floor(this.placed(life).length / 2) + 1
  }

  /** Where Raft's configuration has our replica. */
  home(name: string): PortOffer {
    const replica = this.host.replica(name)
    const { host = '', httpPort = 0, raftPort = 0 } = replica?.address ?? replica?.assignment ?? {}
    return { host, httpPort, raftPort }
  }

  /** To the other replicas' nodes, and with `publish` by gossip as well. */
  tell(life: Life, message: NodeMessage, how: { readonly publish?: boolean; readonly self?: boolean } = {}): void {
    for (const { peerId } of how.self === true ? this.placed(life) : this.others(life))
      this.context.send(peerId, message)
    if (how.publish === true) this.context.emit({ type: 'publish', message })
  }
}

/** The run that a state speaks of. */
export const runOf = (state: Pick<ReplicaState, 'run'>): number => state.run ?? 1

/** What names one run in a message or an effect. */
export const keyOf = ({ name, clusterId, run }: Life): Pick<Life, 'name' | 'clusterId' | 'run'> => ({
  name,
  clusterId,
  run,
})
