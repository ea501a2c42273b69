import type { ReplicaState } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { LocalReplica, PortOffer, ReplicaStart } from '../events.js'
import type { Hosting } from '../hosting/hosting.js'
import type { LifeHost } from './lives.js'

/** Hosting, as sleeping and waking see it. */
export class HostedLives implements LifeHost {
  readonly #context: CoreContext
  readonly #hosting: Hosting
  readonly staysAwakeFor: LifeHost['staysAwakeFor']

  constructor(context: CoreContext, hosting: Hosting, staysAwakeFor: LifeHost['staysAwakeFor']) {
    this.#context = context
    this.#hosting = hosting
    this.staysAwakeFor = staysAwakeFor
  }

  replica(name: string): LocalReplica | undefined {
    return this.#hosting.replica(name)
  }

  amend(name: string, change: Partial<Pick<LocalReplica, 'run' | 'asleep' | 'address'>>): void {
    this.#hosting.amend(name, change)
  }

  start(name: string, start: ReplicaStart, at: PortOffer): void {
    const replica = this.#hosting.replica(name)
    const decree = this.#context.table.database(name)?.decree
    if (replica === undefined || decree === undefined) return
    this.#context.emit({ type: 'startReplica', name, decree, assignment: { ...replica.assignment, ...at }, start })
  }

  report(name: string, state: Omit<ReplicaState, 'clusterId'>): void {
    const replica = this.#hosting.replica(name)
    if (replica !== undefined) this.#hosting.report(name, { ...state, clusterId: replica.clusterId })
  }
}
