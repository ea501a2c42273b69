import type { CoreContext } from '../context.js'
import { disownedBy } from '../hosting/disowned.js'
import { FIRST_RUN } from '../hosting/hosted.js'
import type { FoundReplica } from './repair-events.js'

/** What orphans need of the other parts. */
export interface OrphanComponents {
  readonly synced: () => boolean
  /** Whether a replica of this name is hosted, on its way out included. */
  readonly isHosted: (name: string) => boolean
}

/**
 * Directories of replicas that this node does not know as its own. One is set aside only when causally newer metadata
 * says that it is no more, and only once the store was compared with the others' (design invariant I5); what nothing is
 * known about is reported and kept.
 */
export class Orphans {
  readonly #context: CoreContext
  readonly #components: OrphanComponents
  #found: readonly FoundReplica[] = []

  constructor(context: CoreContext, components: OrphanComponents) {
    this.#context = context
    this.#components = components
  }

  onFound(replicas: readonly FoundReplica[]): void {
    this.#found = replicas.filter(({ name }) => !this.#components.isHosted(name))
    if (this.#found.length > 0)
      this.#context.log('warn', 'Directories of replicas are here that this node has no record of', {
        databases: this.#found.map(({ name }) => name).slice(0, 50),
        count: this.#found.length,
      })
    if (this.#components.synced()) this.onSynced()
  }

  onSynced(): void {
    const found = this.#found
    this.#found = []
    for (const replica of found) if (!this.#components.isHosted(replica.name)) this.#judge(replica)
  }

  #judge({ name, member }: FoundReplica): void {
    const record = this.#context.table.database(name)
    if (record === undefined || member === undefined) {
      return this.#context.log('warn', 'Orphaned data is kept: nothing is known about it', { database: name })
    }
    const { peerId } = this.#context.self
    const assignment = { peerId, raftId: member.raftId, host: '', httpPort: 1, raftPort: 1 }
    const { generation } = record.decree
    const { clusterId } = member
    const reason = disownedBy(record, { name, generation, clusterId, assignment, spawned: true, ...FIRST_RUN })
    if (reason === undefined) {
      return this.#context.log('warn', 'Orphaned data is kept until its cluster has replaced it', { database: name })
    }
    this.#context.log('info', 'Orphaned data is set aside', { database: name, reason })
    this.#context.emit({ type: 'removeReplica', name, clusterId, reason })
  }
}
