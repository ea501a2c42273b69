import { DbClusterError } from '@dbcluster/protocol'
import type { RaftView } from '@dbcluster/rqlite'
import type { LocalReplica, LocalReplicas } from './components.js'

/**
 * How long a look at Raft stays good for. Two elections would have to fit into it before a `weak` read could miss
 * what the leader in between acknowledged.
 */
const VIEW_FRESH_MS = 150

interface Session {
  readonly starts: number
  view?: { readonly raft: RaftView; readonly atMs: number }
  looking?: Promise<RaftView>
  /** The term in which this process has proved, by a read through Raft, that it applied everything acknowledged. */
  provenTerm?: number
  lastQuery?: Date
}

/** What the query path has learnt of each local replica's process: its leader, and whether `weak` may be served. */
export class ReplicaSessions {
  readonly #replicas: LocalReplicas
  readonly #sessions = new Map<string, Session>()

  constructor(replicas: LocalReplicas) {
    this.#replicas = replicas
  }

  /** The replica of this database here. @throws DbClusterError `NOT_REPLICA` */
  replica(name: string): LocalReplica {
    const replica = this.#replicas.get(name)
    if (replica !== undefined) return replica
    throw new DbClusterError('NOT_REPLICA', `this node holds no running replica of ${name}`, {
      hint: 'ask a node that does: the status of the database lists them',
    })
  }

  /** Raft id of the leader as our replica knows it; undefined while it knows none, or we hold no replica. */
  async leaderOf(name: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.#replicas.get(name) === undefined) return undefined
    try {
      return (await this.#view(name, signal)).leaderId
    } catch {
      return undefined // not up yet, or going down: the caller tries elsewhere
    }
  }

  /** Makes sure that a `weak` read served here sees all that was acknowledged before this leader's term. */
  async proveApplied(name: string, signal: AbortSignal): Promise<void> {
    const { term } = await this.#view(name, signal)
    const session = this.#session(name)
    if (session.provenTerm === term) return
    await this.replica(name).client.readThroughRaft({ signal })
    session.provenTerm = term
  }

  /** Leadership was not where it was thought to be. */
  forget(name: string): void {
    const session = this.#sessions.get(name)
    if (session !== undefined) delete session.view
  }

  /** Counts as activity of this database on this node. */
  touch(name: string): void {
    this.#session(name).lastQuery = new Date()
  }

  lastQuery(name: string): Date | undefined {
    return this.#sessions.get(name)?.lastQuery
  }

  async #view(name: string, signal: AbortSignal): Promise<RaftView> {
    const session = this.#session(name)
    const fresh = session.view !== undefined && performance.now() - session.view.atMs < VIEW_FRESH_MS
    if (fresh && session.view !== undefined) return session.view.raft
    const looking = session.looking ?? this.#look(name, session)
    session.looking = looking
    const raft = await looking
    signal.throwIfAborted()
    return raft
  }

  /** One look at a time, shared by whoever needs one: it belongs to no single caller. */
  async #look(name: string, session: Session): Promise<RaftView> {
    try {
      const raft = await this.replica(name).client.status({ timeoutMs: 2_000 })
      session.view = { raft, atMs: performance.now() }
      return raft
    } finally {
      delete session.looking
    }
  }

  #session(name: string): Session {
    const { starts } = this.replica(name)
    const known = this.#sessions.get(name)
    if (known?.starts === starts) return known
    const session: Session = { starts, ...(known?.lastQuery === undefined ? {} : { lastQuery: known.lastQuery }) }
    this.#sessions.set(name, session)
    return session
  }
}
