import { effectiveReplicas } from '@dbcluster/metadata'
import type { ReplicaState } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { LocalReplica, PortOffer, ReplicaStart } from '../events.js'
import { startOf } from '../hosting/hosted.js'
import type { Hosting } from '../hosting/hosting.js'
import { recoveryOf } from '../hosting/recoveries.js'
import { comesLate } from './comes-late.js'
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
    return this.#hosting.replicas.replica(name)
  }

  amend(name: string, change: Partial<Pick<LocalReplica, 'run' | 'asleep' | 'address'>>): void {
    this.#hosting.amend(name, change)
  }

  start(name: string, start: ReplicaStart, at: PortOffer): void {
    const replica = this.#hosting.replicas.replica(name)
    const record = this.#context.table.database(name)
    if (replica === undefined || record === undefined || !this.#hosting.mayStartAgain(name)) return
    const assignment = { ...replica.assignment, ...at }
    const raftIds = effectiveReplicas(record).map(({ raftId }) => raftId)
    const late = start.kind === 'restart' && comesLate(name, raftIds, assignment.raftId)
    this.#context.emit({
      type: 'startReplica',
      name,
      decree: record.decree,
      assignment,
      // Its directory may hold nothing yet.
      start: start.kind === 'restart' && replica.role === 'joining' ? startOf(record.decree, replica) : start,
      ...recoveryOf(record, replica),
      ...(late ? { late } : {}),
    })
  }

  report(name: string, state: Omit<ReplicaState, 'clusterId'>): void {
    const replica = this.#hosting.replicas.replica(name)
    if (replica !== undefined) this.#hosting.report(name, { ...state, clusterId: replica.clusterId })
  }
}
