import { effectiveReplicas } from '@dbcluster/metadata'
import {
  type ClientRequest,
  type ClientResponse,
  type Consistency,
  type DatabaseRecord,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  FORWARD_PROTOCOL,
  type ForwardRequest,
  fromErrorBody,
  LIMITS,
  type Principal,
  toDbClusterError,
} from '@dbcluster/protocol'
import type { QueryComponents } from './components.js'
import type { Deadline } from './deadline.js'
import { type DataOperation, isReadOperation } from './needs.js'
import type { ReplicaSessions } from './replica-session.js'

/** Pauses between attempts while a cluster elects a leader: about its election time, then longer. */
const RETRY_PAUSES_MS = [20, 40, 80, 160, 250] as const
/** Databases whose leader is remembered. */
const MAX_REMEMBERED_LEADERS = 10_000

/** One request on its way: who asks, what, for how long, and how often it was passed on. */
export interface Passage {
  readonly principal: Principal
  readonly request: ClientRequest & { readonly operation: DataOperation }
  readonly hops: number
  readonly deadline: Deadline
  /** Told at which level a read was really made. */
  readonly usedConsistency: (level: Consistency) => void
}

/** What came of it, with the node that answered. */
export interface Routed {
  readonly result: unknown
  readonly servedBy: string
  readonly attempts: number
  readonly consistency?: Consistency
}

/** Runs an operation on this node's replica. */
export type RunLocally = (record: DatabaseRecord, passage: Passage) => Promise<unknown>

/** Brings an operation to a replica that may serve it: here, or on the node of the leader. */
export class Router {
  readonly #components: QueryComponents
  readonly #sessions: ReplicaSessions
  readonly #runLocally: RunLocally
  readonly #leaders = new Map<string, string>()

  constructor(components: QueryComponents, sessions: ReplicaSessions, runLocally: RunLocally) {
    this.#components = components
    this.#sessions = sessions
    this.#runLocally = runLocally
  }

  async route(record: DatabaseRecord, passage: Passage): Promise<Routed> {
    for (let attempt = 1; ; attempt += 1) {
      passage.deadline.check()
      const target = await this.#target(record, passage, attempt)
      try {
        if (target === this.#components.network.peerId) {
          return { result: await this.#runLocally(record, passage), servedBy: target, attempts: attempt }
        }
        const routed = await this.#forward(target, passage)
        this.#remember(record.name, routed.servedBy)
        return { ...routed, attempts: attempt }
      } catch (thrown) {
        const error = toDbClusterError(thrown)
        this.#leaders.delete(record.name)
        this.#sessions.forget(record.name)
        if (!this.#mayRetry(error, passage)) throw error
        const pauseMs = RETRY_PAUSES_MS[Math.min(attempt, RETRY_PAUSES_MS.length) - 1] ?? 0
        if (passage.deadline.leftMs() <= pauseMs) throw error
        await passage.deadline.pause(pauseMs)
      }
    }
  }

  /** Where to try next: our own replica when it may serve this, else the leader's node, else any replica in turn. */
  async #target(record: DatabaseRecord, passage: Passage, attempt: number): Promise<string> {
    const { network, replicas } = this.#components
    const placed = effectiveReplicas(record).map((replica) => replica.peerId)
    const { operation } = passage.request
    const needsLeader = !(operation.op === 'query' && operation.consistency === 'none')
    const local = replicas.get(record.name) !== undefined
    if (local && !needsLeader) return network.peerId
    const leader = needsLeader ? await this.#leaderOf(record, passage, local) : undefined
    if (leader !== undefined && (leader === network.peerId || passage.hops < LIMITS.forwardHops)) return leader
    if (local) return network.peerId // it tells for itself why it can't serve
    const reachable = placed.filter((peerId) => network.connectedPeers().includes(peerId))
    const chosen = reachable[(attempt - 1) % Math.max(1, reachable.length)]
    if (chosen !== undefined) return chosen
    throw new DbClusterError(
      'DATABASE_UNAVAILABLE',
      `none of the nodes that hold ${record.name} can be reached from here`,
      {
        hint: 'GET /v1/network/status shows which nodes are up; bring one of the listed nodes back',
        details: { replicas: placed },
      },
    )
  }

  async #leaderOf(record: DatabaseRecord, passage: Passage, local: boolean): Promise<string | undefined> {
    const placed = effectiveReplicas(record)
    if (local) {
      const raftId = await this.#sessions.leaderOf(record.name, passage.deadline.signal)
      return placed.find((replica) => replica.raftId === raftId)?.peerId
    }
    const remembered = this.#leaders.get(record.name)
    return placed.some((replica) => replica.peerId === remembered) ? remembered : undefined
  }

  async #forward(peerId: string, passage: Passage): Promise<Omit<Routed, 'attempts'>> {
    if (passage.hops >= LIMITS.forwardHops) {
      throw new DbClusterError('NOT_REPLICA', `this request was passed on ${passage.hops} times already`, {
        hint: 'try again: the placement of the database is changing',
      })
    }
    const timeoutMs = Math.max(1, Math.ceil(passage.deadline.leftMs()))
    const forward: ForwardRequest = {
      principal: passage.principal,
      hops: passage.hops + 1,
      request: { ...withoutCredential(passage.request), timeoutMs },
    }
    const { signal } = passage.deadline
    const answer = await this.#components.network.request(peerId, FORWARD_PROTOCOL, encodeMessage(forward), {
      signal,
      timeoutMs,
    })
    const response = decodeMessage(answer) as ClientResponse
    if (!response.ok) throw fromErrorBody(response.error)
    const { servedBy, consistency } = response.meta
    return { result: response.result, servedBy, ...(consistency === undefined ? {} : { consistency }) }
  }

  /** Reads freely; writes only when they certainly were not applied. */
  #mayRetry(error: DbClusterError, passage: Passage): boolean {
    if (error.code === 'SHUTTING_DOWN' || error.code === 'OVERLOADED') return passage.hops === 0
    if (error.code === 'CONSISTENCY_UNSUPPORTED' || error.code === 'TIMEOUT' || error.code === 'CANCELLED') return false
    const lost = error.code === 'OUTCOME_UNKNOWN' && isReadOperation(passage.request.operation)
    const route = [
      'NO_LEADER',
      'NOT_LEADER',
      'NOT_REPLICA',
      'NODE_UNREACHABLE',
      'DATABASE_UNAVAILABLE',
      'RQLITED_START_FAILED',
    ].includes(error.code)
    // A node that was passed a request answers at once: the first node is the one that tries again.
    return (lost || route) && passage.hops === 0
  }

  #remember(name: string, peerId: string): void {
    if (this.#leaders.size >= MAX_REMEMBERED_LEADERS) this.#leaders.clear()
    this.#leaders.set(name, peerId)
  }
}

const withoutCredential = ({ credential: _, ...request }: ClientRequest): ClientRequest => request
