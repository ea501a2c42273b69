import {
  type ClientRequest,
  ClientRequestSchema,
  type ClientResponse,
  createChecker,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  ForwardRequestSchema,
  toDbClusterError,
  toErrorBody,
} from '@dbcluster/protocol'
import { Admission, type Admitted, callerOf } from './admission/admission.js'
import { AuditTrail, type Call } from './admission/audit-trail.js'
import { FairTurns } from './admission/fair-turns.js'
import { OPERATION_NEEDS } from './admission/needs.js'
import type { QueryComponents } from './components.js'
import { type Deadline, startDeadline } from './deadline.js'
import type { DatabaseActivity } from './gates.js'
import { runOperation } from './operations.js'
import type { Ask } from './passage.js'
import { type PerformComponents, perform } from './perform.js'
import { ExactReads } from './reads/exact-reads.js'
import { ReplicaSessions } from './routing/replica-sessions.js'
import { Router } from './routing/router.js'
import { GroupCommit } from './writes/group-commit.js'
import { KnownSchemas } from './writes/known-schemas.js'

/** Requests that a node works on at once; further ones are refused with `OVERLOADED`. */
const MAX_IN_FLIGHT = 2_000

/** A message from a peer, and the wish to stop that comes with it. */
export interface IncomingRequest {
  readonly from: string
  readonly payload: Uint8Array
  readonly signal: AbortSignal
}

/** The node's side of the client protocol. Answers always come as an encoded `ClientResponse`; nothing is thrown. */
export interface QueryService {
  /** A request of an application or a gateway: its credential decides. */
  handleClient(incoming: IncomingRequest): Promise<Uint8Array>
  /** A request that another node passes on, with the principal it established: let it come from members only. */
  handleForward(incoming: IncomingRequest): Promise<Uint8Array>
  /** What the replica of this database (by its internal name) on this node has had to do. */
  activity(name: string): DatabaseActivity
  /** Refuses what comes from now on, and resolves when everything under way was answered. Idempotent. */
  drain(): Promise<void>
}

/** Makes the query path of one node. */
export const createQueryService = (components: QueryComponents): QueryService => new NodeQueryService(components)

type Opened = Omit<Ask, 'deadline' | 'from'>

/** A request on its way; what is known of it grows. */
type Served = { -readonly [K in keyof Call]: Call[K] }

class NodeQueryService implements QueryService {
  readonly #components: PerformComponents
  readonly #clientChecker = createChecker(ClientRequestSchema)
  readonly #forwardChecker = createChecker(ForwardRequestSchema)
  readonly #onIdle: (() => void)[] = []
  readonly #admission: Admission
  readonly #trail: AuditTrail
  #inFlight = 0
  #draining = false

  constructor(components: QueryComponents) {
    const sessions = new ReplicaSessions(components.replicas)
    const run = {
      planner: components.planner,
      limits: components.limits,
      sessions,
      reads: new ExactReads(),
      schemas: new KnownSchemas(),
      writes: new GroupCommit(),
    }
    const turns = new FairTurns(() => performance.now())
    const router = new Router({
      ...components,
      sessions,
      runLocally: async (record, passage) => {
        const endTurn = await turns.take(callerOf(passage.principal), passage.deadline.signal)
        try {
          return await runOperation(run, record, passage)
        } finally {
          endTurn()
        }
      },
    })
    this.#trail = new AuditTrail(components.audit, components.nowMs)
    this.#admission = new Admission(components.admission, () => performance.now())
    this.#components = { ...components, sessions, router, trail: this.#trail }
  }

  handleClient(incoming: IncomingRequest): Promise<Uint8Array> {
    return this.#serve(incoming, async (served) => {
      const request = this.#clientChecker.check(decodeMessage(incoming.payload)) as ClientRequest
      served.request = request
      const principal = await this.#components.authenticator.authenticate(request.credential)
      return { principal, request, hops: 0 }
    })
  }

  handleForward(incoming: IncomingRequest): Promise<Uint8Array> {
    return this.#serve(incoming, async () => this.#forwardChecker.check(decodeMessage(incoming.payload)) as Opened)
  }

  activity(name: string): DatabaseActivity {
    return this.#components.gates.of(name)
  }

  drain(): Promise<void> {
    this.#draining = true
    return this.#inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve))
  }

  async #serve({ from, signal }: IncomingRequest, open: (served: Served) => Promise<Opened>): Promise<Uint8Array> {
    const startedMs = performance.now()
    const served: Served = { from, hops: 0 }
    let admitted: Admitted | undefined
    let deadline: Deadline | undefined
    let response: ClientResponse
    this.#inFlight += 1
    try {
      this.#checkRoom()
      const opened = Object.assign(served, await open(served))
      const { timeoutMs, operation } = opened.request
      admitted = this.#admission.enter({ ...opened, name: internalNameOf(opened) })
      deadline = startDeadline(Math.min(timeoutMs, OPERATION_NEEDS[operation.op].timeoutMs), signal)
      const { result, meta } = await perform(this.#components, { ...opened, from, deadline })
      const { rate } = admitted
      response = {
        ok: true,
        result,
        meta: {
          servedBy: this.#components.network.peerId,
          durationMs: performance.now() - startedMs,
          ...(rate === undefined ? {} : { rate }),
          ...meta,
        },
      }
    } catch (thrown) {
      response = this.#failure(thrown, served.request?.requestId)
    } finally {
      deadline?.end()
      admitted?.leave()
      this.#inFlight -= 1
      if (this.#inFlight === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    }
    this.#trail.answered(served, response)
    this.#log(served, response, performance.now() - startedMs)
    return encodeMessage(response)
  }

  #checkRoom(): void {
    if (this.#draining) throw new DbClusterError('SHUTTING_DOWN', 'this node is stopping', { hint: 'ask another node' })
    if (this.#inFlight <= MAX_IN_FLIGHT) return
    throw new DbClusterError('OVERLOADED', `this node works on ${MAX_IN_FLIGHT} requests already`, {
      hint: 'send it again in a moment, or to another node',
    })
  }

  #failure(thrown: unknown, requestId: string | undefined): ClientResponse {
    const error = toDbClusterError(thrown)
    if (error.code === 'INTERNAL') {
      const { message, stack } = error
      this.#components.logger.error('A request failed unexpectedly', { request_id: requestId, error: message, stack })
    }
    return {
      ok: false,
      error: {
        ...toErrorBody(error.code === 'INTERNAL' ? UNEXPECTED : error),
        ...(requestId === undefined ? {} : { request_id: requestId }),
      },
    }
  }

  /** Neither the credential nor the statement: both are the tenant's. */
  #log({ request, principal, hops }: Call, response: ClientResponse, durationMs: number): void {
    const operation = request?.operation
    this.#components.logger.debug('Request answered', {
      op: operation?.op,
      app: principal?.app,
      ...(operation !== undefined && 'database' in operation ? { database: operation.database } : {}),
      request_id: request?.requestId,
      hops,
      code: response.ok ? 'ok' : response.error.code,
      duration_ms: Math.round(durationMs * 10) / 10,
    })
  }
}

/** What went wrong inside is for the log: its text may hold paths, and stands for nobody outside. */
const UNEXPECTED = new DbClusterError('INTERNAL', 'the request failed inside the node', {
  hint: 'report it with this request id; the log of the node has the cause',
})

/** Of a database that may have any name yet: what is no name is refused a moment later. */
const internalNameOf = ({ principal, request: { operation } }: Opened): string | undefined =>
  'database' in operation ? `${principal.app}_${operation.database}` : undefined
