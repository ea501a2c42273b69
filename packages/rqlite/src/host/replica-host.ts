import { join } from 'node:path'
import { DbClusterError, type Decree, type Logger, type ReplicaAssignment } from '@dbcluster/protocol'
import type { ReplicaSpec, ReplicaStart } from '../arguments/replica-spec.js'
import type { ReplicaTiming, TimingProfile } from '../arguments/timing.js'
import type { RqliteCapabilities } from '../binary/capabilities.js'
import type { RqliteBinary } from '../binary/describe-rqlited.js'
import type { RqliteClient } from '../client/rqlite-client.js'
import { createReplicaProcess } from '../process/create-replica-process.js'
import { raftStateOf } from '../process/raft-state.js'
import type { ReplicaProcess } from '../process/replica-process.js'
import type { ReplicaSecrets } from '../security/replica-secrets.js'
import { setAside } from './quarantine.js'
import { watchVoters } from './watch-voters.js'

/** Settings of a host. */
export interface ReplicaHostInit {
  /** Each database gets a directory of its own in it. */
  readonly dataDir: string
  readonly binary: RqliteBinary
  readonly timing: TimingProfile | ReplicaTiming
}

/** Where the ports of a replica that is known from before are taken, and given back. */
export interface ReplicaPorts {
  reserve(name: string, ports: { readonly httpPort: number; readonly raftPort: number }): unknown
  release(name: string): void
}

export interface ReplicaHostComponents {
  readonly logger: Logger
  readonly ports: ReplicaPorts
  readonly secrets: ReplicaSecrets
}

/** A replica that is to be up. */
export interface HostedReplicaRequest {
  readonly name: string
  readonly decree: Decree
  readonly assignment: ReplicaAssignment
  readonly start: ReplicaStart
  /** Report when Raft's configuration holds this many voters. */
  readonly gather?: number
}

/** What a host tells about a replica that it was asked to run; each any number of times. */
export interface HostedReplicaListener {
  ready(): void
  gathered(voters: number): void
  failed(error: string): void
}

/** A replica as the query path uses it. */
export interface HostedReplica {
  readonly client: RqliteClient
  readonly capabilities: RqliteCapabilities
  readonly raftId: string
  /** Times its process was started: what was learnt of an earlier one is void. */
  readonly starts: number
}

/** Runs the rqlited processes of one node, one for each database that has a replica here. */
export interface ReplicaHost {
  start(request: HostedReplicaRequest, listener: HostedReplicaListener): void
  /** Stops the process, sets its directory aside and frees its ports. A replica that isn't here is no error. */
  remove(name: string, reason: string): Promise<void>
  get(name: string): HostedReplica | undefined
  /** SIGTERM to each, and waits until all are gone. */
  stopAll(): Promise<void>
}

/** Makes a host. */
export const createReplicaHost =
  (init: ReplicaHostInit) =>
  (components: ReplicaHostComponents): ReplicaHost =>
    new ProcessReplicaHost(init, components)

interface Hosted {
  readonly process: ReplicaProcess
  readonly raftId: string
  readonly end: AbortController
}

class ProcessReplicaHost implements ReplicaHost {
  readonly #init: ReplicaHostInit
  readonly #components: ReplicaHostComponents
  readonly #hosted = new Map<string, Hosted>()
  /** Per database: one start or removal after the other. */
  readonly #turns = new Map<string, Promise<void>>()

  constructor(init: ReplicaHostInit, components: ReplicaHostComponents) {
    this.#init = init
    this.#components = components
  }

  start(request: HostedReplicaRequest, listener: HostedReplicaListener): void {
    this.#inTurn(request.name, () => this.#start(request, listener)).catch((error: unknown) => {
      listener.failed(error instanceof Error ? error.message : String(error))
    })
  }

  remove(name: string, reason: string): Promise<void> {
    return this.#inTurn(name, async () => {
      await this.#end(name)
      const kept = await setAside(this.#init.dataDir, name)
      this.#components.ports.release(name)
      this.#components.logger.info('Replica removed', { database: name, reason, kept_at: kept ?? 'nothing to keep' })
    })
  }

  get(name: string): HostedReplica | undefined {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return undefined
    const { client, state } = hosted.process
    return { client, capabilities: this.#init.binary.capabilities, raftId: hosted.raftId, starts: state.launches }
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#hosted.keys()].map((name) => this.#inTurn(name, () => this.#end(name))))
  }

  async #start(request: HostedReplicaRequest, listener: HostedReplicaListener): Promise<void> {
    const { name, assignment, decree } = request
    await this.#end(name)
    this.#components.ports.reserve(name, assignment)
    const spec: ReplicaSpec = {
      database: name,
      clusterId: decree.clusterId,
      raftId: assignment.raftId,
      directory: join(this.#init.dataDir, name),
      httpPort: assignment.httpPort,
      raftHost: assignment.host,
      raftPort: assignment.raftPort,
      start: await this.#startOf(request),
      timing: this.#init.timing,
      foreignKeys: decree.foreignKeys,
      secrets: this.#components.secrets,
    }
    const process = createReplicaProcess({ spec, binary: this.#init.binary })({ logger: this.#components.logger })
    const end = new AbortController()
    this.#hosted.set(name, { process, raftId: assignment.raftId, end })
    this.#listen(process, request, listener, end.signal)
    process.start()
  }

  /**
   * A member restarts. One whose first start was cut short, though its cluster may already count it in, repeats that
   * start: rqlited takes a repeated one for done.
   */
  async #startOf({ name, start, decree, assignment }: HostedReplicaRequest): Promise<ReplicaStart> {
    if (start.kind !== 'restart') return start
    const state = await raftStateOf(join(this.#init.dataDir, name))
    if (state === 'member') return start
    if (state === 'absent') {
      throw new DbClusterError(
        'RQLITED_REFUSED',
        `the Raft state of ${name} is gone from ${join(this.#init.dataDir, name)}`,
        {
          hint: 'this replica counts as lost: the others go on without it',
        },
      )
    }
    const [first] = decree.replicas
    if (first === undefined || first.raftId === assignment.raftId) return { kind: 'bootstrap' }
    return { kind: 'join', addresses: [`${first.host}:${first.raftPort}`] }
  }

  #listen(
    process: ReplicaProcess,
    request: HostedReplicaRequest,
    listener: HostedReplicaListener,
    signal: AbortSignal,
  ): void {
    const { logger } = this.#components
    const { name, assignment, gather } = request
    process.onStateChanged((state) => {
      if (signal.aborted) return
      if (state.phase === 'failed') return listener.failed(state.error?.message ?? 'it gave up')
      if (state.phase !== 'ready') return
      logger.info('Database instance started', {
        database: name,
        http_port: assignment.httpPort,
        raft_port: assignment.raftPort,
        adopted: state.adopted,
      })
      listener.ready()
      if (gather === undefined) return
      watchVoters(process.client, gather, signal).then(
        (voters) => {
          if (voters !== undefined) listener.gathered(voters)
        },
        (error: unknown) => logger.debug('Stopped counting voters', { database: name, error: String(error) }),
      )
    })
  }

  async #end(name: string): Promise<void> {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return
    hosted.end.abort()
    await hosted.process.stop()
    await hosted.process.client.close()
    if (this.#hosted.get(name) === hosted) this.#hosted.delete(name)
  }

  #inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(name) ?? Promise.resolve()
    const turn = before.catch(() => undefined).then(work)
    this.#turns.set(name, turn)
    return turn.finally(() => {
      if (this.#turns.get(name) === turn) this.#turns.delete(name)
    })
  }
}
