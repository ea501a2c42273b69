import { authorize } from '@dbcluster/auth'
import {
  type ClientRequest,
  ClientRequestSchema,
  type ClientResponse,
  type Consistency,
  createChecker,
  type DatabaseRecord,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  ForwardRequestSchema,
  internalName,
  type Principal,
  type ResultMeta,
  splitInternalName,
  toDbClusterError,
  toErrorBody,
} from '@dbcluster/protocol'
import type { QueryComponents } from './components.js'
import { type Deadline, startDeadline } from './deadline.js'
import { ExactReads } from './exact-reads.js'
import { locate } from './locate.js'
import { isDataOperation, OPERATION_NEEDS } from './needs.js'
import { checkStatements, runOperation } from './operations.js'
import { ReplicaSessions } from './replica-session.js'
import { type Passage, Router } from './router.js'
import { databaseStatus, networkStatus } from './status.js'

/** A message from a peer, and the wish to stop that comes with it. */
interface Incoming {
  readonly from: string
  readonly payload: Uint8Array
  readonly signal: AbortSignal
}

/** The node's side of the client protocol. Answers always come as an encoded `ClientResponse`; nothing is thrown. */
export interface QueryService {
  /** A request of an application or a gateway: its credential decides. */
  handleClient(incoming: Incoming): Promise<Uint8Array>
  /** A request that another node passes on, with the principal it established. */
  handleForward(incoming: Incoming): Promise<Uint8Array>
  /** Refuses what comes from now on, and resolves when everything under way was answered. */
  drain(): Promise<void>
}

/** Makes the query path of one node. */
export const createQueryService = (components: QueryComponents): QueryService => new NodeQueryService(components)

interface Ask {
  readonly principal: Principal
  readonly request: ClientRequest
  readonly hops: number
  readonly deadline: Deadline
}

class NodeQueryService implements QueryService {
  readonly #components: QueryComponents
  readonly #sessions: ReplicaSessions
  readonly #router: Router
  readonly #clientChecker = createChecker(ClientRequestSchema)
  readonly #forwardChecker = createChecker(ForwardRequestSchema)
  #inFlight = 0
  #draining: (() => void) | undefined

  constructor(components: QueryComponents) {
    this.#components = components
    this.#sessions = new ReplicaSessions(components.replicas)
    const run = { planner: components.planner, sessions: this.#sessions, reads: new ExactReads() }
    this.#router = new Router(components, this.#sessions, (record, passage) => runOperation(run, record, passage))
  }

  handleClient({ payload, signal }: Incoming): Promise<Uint8Array> {
    return this.#serve(signal, async () => {
      const request = this.#clientChecker.check(decodeMessage(payload)) as ClientRequest
      const principal = await this.#components.authenticator.authenticate(request.credential)
      return { principal, request, hops: 0 }
    })
  }

  handleForward({ payload, signal }: Incoming): Promise<Uint8Array> {
    return this.#serve(signal, async () => this.#forwardChecker.check(decodeMessage(payload)) as Omit<Ask, 'deadline'>)
  }

  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#draining = resolve
      if (this.#inFlight === 0) resolve()
    })
  }

  async #serve(signal: AbortSignal, open: () => Promise<Omit<Ask, 'deadline'>>): Promise<Uint8Array> {
    const startedMs = performance.now()
    let requestId: string | undefined
    let deadline: Deadline | undefined
    this.#inFlight += 1
    try {
      if (this.#draining !== undefined) {
        throw new DbClusterError('SHUTTING_DOWN', 'this node is stopping', { hint: 'ask another node' })
      }
      const ask = await open()
      requestId = ask.request.requestId
      deadline = startDeadline(ask.request.timeoutMs, signal)
      const { result, meta } = await this.#perform({ ...ask, deadline })
      const response: ClientResponse = {
        ok: true,
        result,
        meta: { servedBy: this.#components.network.peerId, durationMs: performance.now() - startedMs, ...meta },
      }
      return encodeMessage(response)
    } catch (thrown) {
      const error = toDbClusterError(thrown)
      if (error.code === 'INTERNAL') {
        this.#components.logger.error('A request failed unexpectedly', {
          request_id: requestId,
          error: error.message,
          stack: error.stack,
        })
      }
      const body = { ...toErrorBody(error), ...(requestId === undefined ? {} : { request_id: requestId }) }
      return encodeMessage({ ok: false, error: body } satisfies ClientResponse)
    } finally {
      deadline?.end()
      this.#inFlight -= 1
      if (this.#inFlight === 0) this.#draining?.()
    }
  }

  async #perform(ask: Ask): Promise<{ result: unknown; meta?: Partial<ResultMeta> }> {
    const { operation } = ask.request
    const { scope, creates } = OPERATION_NEEDS[operation.op]
    const { app } = ask.principal
    if (operation.op === 'list') {
      authorize(ask.principal, scope)
      const visible = this.#components.coordinator
        .databases(`${app}_`)
        .map((record) => splitInternalName(record.name).database)
      const { databases } = ask.principal
      return {
        result: { databases: databases === undefined ? visible : visible.filter((name) => databases.includes(name)) },
      }
    }
    if (operation.op === 'networkStatus') {
      authorize(ask.principal, scope)
      return { result: { nodes: networkStatus(this.#components) } }
    }
    const name = internalName(app, operation.database)
    authorize(ask.principal, scope, operation.database)
    if (isDataOperation(operation)) {
      let consistency: Consistency | undefined
      const usedConsistency = (level: Consistency): void => {
        consistency = level
      }
      const { result, meta } = await this.#onData(
        name,
        { ...ask, request: { ...ask.request, operation }, usedConsistency },
        creates,
      )
      return { result, meta: { ...meta, ...(consistency === undefined ? {} : { consistency }) } }
    }
    switch (operation.op) {
      case 'open': {
        const { record, created } = await withDeadline(this.#components.coordinator.ensure(name), ask.deadline)
        return { result: { created, clusterId: record.decree.clusterId } }
      }
      case 'status': {
        const record = this.#components.coordinator.record(name)
        if (record === undefined || record.deleted) throw notFound(operation.database)
        return {
          result: await databaseStatus(this.#components, this.#sessions, {
            record,
            database: operation.database,
            deadline: ask.deadline,
          }),
        }
      }
      case 'locate':
        return {
          result: await locate(
            this.#components,
            this.#sessions,
            this.#existing(name, operation.database),
            ask.deadline,
          ),
        }
      case 'delete':
        this.#existing(name, operation.database)
        await withDeadline(this.#components.coordinator.remove(name), ask.deadline)
        return { result: { deleted: true } }
    }
  }

  async #onData(
    name: string,
    passage: Passage,
    creates: boolean,
  ): Promise<{ result: unknown; meta: Partial<ResultMeta> }> {
    checkStatements(this.#components.planner, passage.request.operation) // before anything is created on its behalf
    const record =
      creates && passage.hops === 0
        ? (await withDeadline(this.#components.coordinator.ensure(name), passage.deadline)).record
        : this.#existing(name, passage.request.operation.database)
    const { result, servedBy, attempts, consistency } = await this.#router.route(record, passage)
    return { result, meta: { servedBy, attempts, ...(consistency === undefined ? {} : { consistency }) } }
  }

  #existing(name: string, database: string): DatabaseRecord {
    const record = this.#components.coordinator.database(name)
    if (record === undefined) throw notFound(database)
    return record
  }
}

const notFound = (database: string): DbClusterError =>
  new DbClusterError('DATABASE_NOT_FOUND', `there is no database ${JSON.stringify(database)}`, {
    hint: 'exec, query, transaction, schema, create-table and import create it on first access; list shows what is there',
  })

/** Waits no longer than the deadline; the work itself goes on, for whoever asks next. */
const withDeadline = <T>(work: Promise<T>, deadline: Deadline): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => reject(deadline.signal.reason as Error)
    deadline.signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => deadline.signal.removeEventListener('abort', onAbort))
  })
