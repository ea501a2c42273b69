import { effectiveReplicas } from '@dbcluster/metadata'
import { type Consistency, type DatabaseRecord, DbClusterError, LIMITS, toDbClusterError } from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'
import type { Passage } from '../passage.js'
import { forward } from './forwarder.js'
import { majorityGone } from './majority-gone.js'
import type { ReplicaSessions } from './replica-sessions.js'
import { mayRetry, PATIENCE_MS, pauseAfterMs, unavailable } from './retry-policy.js'

/** Databases whose leader is remembered; the one learnt first goes first. */
const MAX_REMEMBERED_LEADERS = 10_000

/** What came of a request, with the node that answered. */
export interface Routed {
  readonly result: unknown
  readonly servedBy: string
  readonly attempts: number
  readonly consistency?: Consistency
}

/** Runs an operation on this node's replica. */
export type RunLocally = (record: DatabaseRecord, passage: Passage) => Promise<unknown>

/** What a router works with. */
export interface RouterComponents extends Pick<QueryComponents, 'coordinator' | 'network' | 'replicas' | 'gates'> {
  readonly sessions: ReplicaSessions
  readonly runLocally: RunLocally
}

/** Settings of a router. */
export interface RouterInit {
  /** How long attempts go on while no replica can serve. @default 10_000 */
  readonly patienceMs?: number
}

/** Brings an operation to a replica that may serve it: here, or on the node of the leader. */
export class Router {
  readonly #components: RouterComponents
  readonly #patienceMs: number
  readonly #leaders = new Map<string, string>()

  constructor(components: RouterComponents, init: RouterInit = {}) {
    this.#components = components
    this.#patienceMs = init.patienceMs ?? PATIENCE_MS
  }

  /** Peer id of the node that last served this database as its leader's, where it is not this one. */
  rememberedLeader(name: string): string | undefined {
    return this.#leaders.get(name)
  }

  /** @throws DbClusterError what the replica answered; `NO_LEADER`, `DATABASE_UNAVAILABLE` when none could */
  async route(first: DatabaseRecord, passage: Passage): Promise<Routed> {
    const { name } = first
    let since: number | undefined
    for (let attempt = 1; ; attempt += 1) {
      passage.deadline.check()
      try {
        // Placement may have changed meanwhile; so may the database, and the next one of its name will do.
        const record = this.#components.coordinator.database(name) ?? first
        return { ...(await this.#try(record, passage, attempt)), attempts: attempt }
      } catch (thrown) {
        const error = toDbClusterError(thrown)
        this.#leaders.delete(name)
        this.#components.sessions.forget(name)
        // A node that was passed a request answers at once: the first node is the one that tries again.
        if (passage.hops > 0) throw error
        if (error.code === 'DATABASE_WAKING') throw this.#whyHeld(first, error)
        if (!mayRetry(error, passage.readOnly)) throw error
        since ??= performance.now()
        const pauseMs = pauseAfterMs(attempt)
        const sinceMs = performance.now() - since
        const over = sinceMs >= this.#patienceMs || passage.deadline.leftMs() <= pauseMs
        if (over) throw unavailable(name, error, sinceMs)
        await passage.deadline.pause(pauseMs)
      }
    }
  }

  async #try(record: DatabaseRecord, passage: Passage, attempt: number): Promise<Omit<Routed, 'attempts'>> {
    const { network, gates } = this.#components
    // Whoever leads is known only once our own replica, if there is one, is awake.
    if (gates.isClosed(record.name)) await this.#pass(record, passage)
    const target = await this.#target(record, passage, attempt)
    if (target === network.peerId) return { result: await this.#here(record, passage), servedBy: target }
    if (this.#isOrphaned(record, target)) {
      await this.#components.sessions.proveLeader(record.name, passage.deadline.signal)
      return { result: await this.#here(record, { ...passage, throughFollower: true }), servedBy: network.peerId }
    }
    const { result, meta } = await forward(network, target, passage, { readOnly: passage.readOnly })
    if (needsLeader(passage)) this.#remember(record.name, meta.servedBy)
    const { servedBy, consistency, wokeMs } = meta
    if (wokeMs !== undefined) passage.woken(wokeMs)
    return { result, servedBy, ...(consistency === undefined ? {} : { consistency }) }
  }

  /** One that cannot wake, with too few of its nodes up, is not waking. */
  #whyHeld(first: DatabaseRecord, error: DbClusterError): DbClusterError {
    const { coordinator, network } = this.#components
    return majorityGone(network, coordinator.database(first.name) ?? first, error) ?? error
  }

  /** Waits at the gate of our replica. */
  async #pass({ name }: DatabaseRecord, { deadline, woken }: Passage): Promise<void> {
    const sinceMs = performance.now()
    const { woke } = await this.#components.gates.pass(name, deadline.signal)
    if (woke) woken(performance.now() - sinceMs)
    this.#components.sessions.forget(name)
  }

  /** The node died, its rqlited goes on serving and stays leader: our own follower reaches it where we cannot. */
  #isOrphaned(record: DatabaseRecord, leader: string): boolean {
    const { network, replicas } = this.#components
    if (replicas.get(record.name) === undefined) return false
    return !network.connectedPeers().includes(leader) || network.health(leader).state === 'unhealthy'
  }

  async #here(record: DatabaseRecord, passage: Passage): Promise<unknown> {
    let leave = this.#components.gates.enter(record.name)
    for (; leave === undefined; leave = this.#components.gates.enter(record.name)) await this.#pass(record, passage)
    try {
      return await this.#components.runLocally(record, passage)
    } finally {
      leave()
    }
  }

  /** Where to try next: our own replica when it may serve this, else the leader's node, else any replica in turn. */
  async #target(record: DatabaseRecord, passage: Passage, attempt: number): Promise<string> {
    const { network, replicas } = this.#components
    const local = replicas.get(record.name) !== undefined
    const leader = needsLeader(passage) ? await this.#leaderOf(record, passage, local) : undefined
    const mayPassOn = passage.hops < LIMITS.forwardHops
    if (leader !== undefined && (leader === network.peerId || mayPassOn)) return leader
    // Passed on to us, without our knowing better: our replica tells for itself why it can't serve.
    if (local && passage.hops > 0) return network.peerId
    if (!mayPassOn || passage.hops > 0) throw notReplica(record)
    const placed = effectiveReplicas(record).map((replica) => replica.peerId)
    const connected = new Set(network.connectedPeers())
    const others = placed.filter((peerId) => connected.has(peerId))
    const usable = local ? [network.peerId, ...others] : others
    const chosen = usable[(attempt - 1) % Math.max(1, usable.length)]
    if (chosen !== undefined) return chosen
    throw new DbClusterError(
      'DATABASE_UNAVAILABLE',
      `none of the nodes that hold ${record.name} can be reached from here`,
      {
        hint: 'the status of the network shows which nodes are up; bring one of those in the details back',
        details: { replicas: placed },
      },
    )
  }

  async #leaderOf(record: DatabaseRecord, passage: Passage, local: boolean): Promise<string | undefined> {
    const placed = effectiveReplicas(record)
    if (local) {
      const raftId = await this.#components.sessions.leaderOf(record.name, passage.deadline.signal)
      return placed.find((replica) => replica.raftId === raftId)?.peerId
    }
    const remembered = this.#leaders.get(record.name)
    return placed.some((replica) => replica.peerId === remembered) ? remembered : undefined
  }

  #remember(name: string, peerId: string): void {
    this.#leaders.delete(name)
    this.#leaders.set(name, peerId)
    const [oldest] = this.#leaders.keys()
    if (this.#leaders.size > MAX_REMEMBERED_LEADERS && oldest !== undefined) this.#leaders.delete(oldest)
  }
}

const needsLeader = ({ request: { operation } }: Passage): boolean =>
  !(operation.op === 'query' && operation.consistency === 'none')

const notReplica = ({ name }: DatabaseRecord): DbClusterError =>
  new DbClusterError(
    'NOT_REPLICA',
    `this node, to which the request was passed on, holds no running replica of ${name}`,
    {
      hint: 'try again: the placement of the database is changing',
    },
  )
