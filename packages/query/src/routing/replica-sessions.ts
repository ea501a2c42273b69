import { DbClusterError, toDbClusterError } from '@dbcluster/protocol'
import type { RaftView } from '@dbcluster/rqlite'
import type { LocalReplica, LocalReplicas } from '../components.js'
import { unlessAborted } from '../wait.js'

/** How long a leader without its node may take to prove itself; one that is alive takes milliseconds. */
const ORPHAN_LIMIT_MS = 1_000

/**
 * How long a look at Raft stays good for. A `weak` read can miss an acknowledged write when the leader lost its office to
 * another and won it back without our having noticed: two elections, each at least one election timeout long
 * (200 ms in the shortest timing profile), would have to fit into this time.
 */
const VIEW_FRESH_MS = 150
/** A process that does not answer within this time is as good as gone. */
const LOOK_LIMIT_MS = 2_000
/** A read through Raft that takes longer is given up; whoever needs it next begins another. */
const PROOF_LIMIT_MS = 10_000
/** A replica that takes longer to apply its log leaves reads to the others, and is asked again by the next one. */
const CATCH_UP_LIMIT_MS = 2_000

interface Session {
  readonly incarnation: string
  view?: { readonly raft: RaftView; readonly atMs: number } | undefined
  looking?: Promise<RaftView> | undefined
  /** The term in which this process has proved, by a read through Raft, that it applied everything acknowledged. */
  provenTerm?: number
  proving?: { readonly term: number; readonly done: Promise<void> } | undefined
  /** Whether this process has applied what was committed when it came up. */
  caughtUp?: true
  catchingUp?: Promise<boolean> | undefined
}

/**
 * What the query path has learnt of each local replica's process: its leader, and whether `weak` may be served. Void
 * with the process; there are as many sessions as replicas here.
 */
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
    this.#sessions.delete(name)
    throw new DbClusterError('NOT_REPLICA', `this node holds no running replica of ${name}`, {
      hint: 'ask a node that does: the status of the database lists them',
    })
  }

  /**
   * Raft id of the leader as our replica last knew it; undefined while it knows none, or we hold no replica. It need not
   * be fresh: whoever is taken for the leader by mistake does nothing and says so, and then {@link forget} is called.
   */
  async leaderOf(name: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.#replicas.get(name) === undefined) return undefined
    return this.#session(name).view?.raft.leaderId ?? this.leaderNow(name, signal)
  }

  /** As {@link leaderOf}, by a look of this moment. */
  async leaderNow(name: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.#replicas.get(name) === undefined) return undefined
    try {
      return (await this.#view(name, signal)).leaderId
    } catch {
      return undefined // not up yet, or going down: the caller tries elsewhere
    }
  }

  /**
   * Reads at the level `weak`, such that the read sees all that was acknowledged before this leader's term. Where that
   * was proved before, the look that shows the same term still to last goes along with the read, and adds no time.
   * @throws DbClusterError `NOT_LEADER`, why the replica cannot be asked, and what `read` throws
   */
  async readApplied<T>(name: string, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    const session = this.#session(name)
    if (session.provenTerm !== undefined) {
      const [look, reply] = await Promise.allSettled([this.#view(name, signal), read()])
      const same = look.status === 'fulfilled' && look.value.isLeader && look.value.term === session.provenTerm
      if (same && reply.status === 'fulfilled') return reply.value
      if (same && reply.status === 'rejected') throw reply.reason
    }
    await this.#proveApplied(name, signal)
    return read()
  }

  /**
   * Makes sure that our replica's process has applied, once, all that was committed at that time: after a start it holds
   * its last snapshot, or nothing at all, until a leader tells how much of its log counts. A read of that would go back in
   * time, or find no table.
   * @throws DbClusterError `DATABASE_UNAVAILABLE`
   */
  async caughtUp(name: string, signal: AbortSignal): Promise<void> {
    const session = this.#session(name)
    if (session.caughtUp) return
    session.catchingUp ??= this.#catchUp(name, session)
    if (await unlessAborted(session.catchingUp, signal)) return
    throw new DbClusterError(
      'DATABASE_UNAVAILABLE',
      `the replica of ${name} on this node has not applied its log yet`,
      {
        hint: 'it has just started, and needs a leader for that; the other replicas are tried meanwhile',
      },
    )
  }

  /**
   * Proves that there is a leader which our replica reaches, before anything is passed on to it blindly: a write that is
   * lost on that way has an unknown outcome, one that was never sent has none.
   * @throws DbClusterError `NO_LEADER`
   */
  async proveLeader(name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.replica(name).client.readThroughRaft({ signal, timeoutMs: ORPHAN_LIMIT_MS })
    } catch (cause) {
      signal.throwIfAborted()
      throw new DbClusterError('NO_LEADER', `the node of the leader of ${name} can't be reached, nor can its rqlited`, {
        hint: 'the remaining replicas are electing another leader',
        cause,
      })
    }
  }

  /** Makes sure that a `weak` read served here from now on, in this term, sees all that was acknowledged before it. */
  async #proveApplied(name: string, signal: AbortSignal): Promise<void> {
    const { term, isLeader } = await this.#view(name, signal)
    if (!isLeader) throw new DbClusterError('NOT_LEADER', `the replica of ${name} on this node is not its leader`)
    const session = this.#session(name)
    if (session.provenTerm === term) return
    if (session.proving?.term !== term) session.proving = { term, done: this.#prove(name, session, term) }
    await unlessAborted(session.proving.done, signal)
  }

  /** The term in which our replica leads. @throws DbClusterError `NOT_LEADER`, and why the replica cannot be asked */
  async leadingTerm(name: string, signal: AbortSignal): Promise<number> {
    const { term, isLeader } = await this.#view(name, signal)
    if (isLeader) return term
    throw new DbClusterError('NOT_LEADER', `the replica of ${name} on this node is not its leader`)
  }

  /** Leadership was not where it was thought to be. */
  forget(name: string): void {
    const session = this.#sessions.get(name)
    if (session !== undefined) session.view = undefined
  }

  async #view(name: string, signal: AbortSignal): Promise<RaftView> {
    const session = this.#session(name)
    const { view } = session
    if (view !== undefined && performance.now() - view.atMs < VIEW_FRESH_MS) return view.raft
    session.looking ??= this.#look(name, session)
    return unlessAborted(session.looking, signal)
  }

  /** One look at a time, shared by whoever needs one: it belongs to no single caller. */
  async #look(name: string, session: Session): Promise<RaftView> {
    try {
      const atMs = performance.now()
      const raft = await this.replica(name).client.status({ timeoutMs: LOOK_LIMIT_MS })
      session.view = { raft, atMs }
      return raft
    } catch (thrown) {
      throw unavailable(name, thrown)
    } finally {
      session.looking = undefined
    }
  }

  async #catchUp(name: string, session: Session): Promise<boolean> {
    try {
      const ready = await this.replica(name).client.ready({ timeoutMs: CATCH_UP_LIMIT_MS })
      if (ready) session.caughtUp = true
      return ready
    } catch {
      return false // not up yet, or going down
    } finally {
      session.catchingUp = undefined
    }
  }

  /** One read through Raft for all who wait for it, however many there are after an election. */
  async #prove(name: string, session: Session, term: number): Promise<void> {
    try {
      await this.replica(name).client.readThroughRaft({ timeoutMs: PROOF_LIMIT_MS })
      session.provenTerm = term
    } catch (thrown) {
      throw unavailable(name, thrown)
    } finally {
      if (session.proving?.term === term) session.proving = undefined
    }
  }

  #session(name: string): Session {
    const { incarnation } = this.replica(name)
    const known = this.#sessions.get(name)
    if (known?.incarnation === incarnation) return known
    if (known === undefined) this.#dropGone()
    const session: Session = { incarnation }
    this.#sessions.set(name, session)
    return session
  }

  #dropGone(): void {
    for (const name of this.#sessions.keys()) if (this.#replicas.get(name) === undefined) this.#sessions.delete(name)
  }
}

/** The time limit was ours: to the caller, whose own is not over, the replica cannot be used at present. */
const unavailable = (name: string, thrown: unknown): DbClusterError => {
  const error = toDbClusterError(thrown)
  // A process that has just started answers before it has any state to tell of.
  if (error.code !== 'TIMEOUT' && error.code !== 'INTERNAL') return error
  return new DbClusterError('DATABASE_UNAVAILABLE', `the replica of ${name} on this node does not answer`, {
    hint: 'it may be starting or overloaded; the other replicas are tried meanwhile',
    cause: error,
  })
}
