import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DbClusterError, type StopRecord } from '@dbcluster/protocol'
import type { ReplicaSpec, ReplicaStart } from '../arguments/replica-spec.js'
import type { RqliteClient } from '../client/rqlite-client.js'
import type { RaftView } from '../client/types.js'
import { createSystemClock } from '../process/clock.js'
import { createReplicaProcess } from '../process/create-replica-process.js'
import { createNodeProcessHost } from '../process/node-process-host.js'
import type { ProcessHost } from '../process/process-host.js'
import { replicaFiles } from '../process/replica-files.js'
import type { ReplicaProcess } from '../process/replica-process.js'
import { stopStrays } from '../process/stop-strays.js'
import { dial } from './dial.js'
import { type ReplicaDirectory, replicaDirectories } from './inspect.js'
import { LaunchMarks } from './launch-mark.js'
import { proveVoters } from './prove-voters.js'
import { setAside } from './quarantine.js'
import { removeRecoveryPeers, writeRecoveryPeers } from './recovery-peers.js'
import type {
  HostedReplica,
  HostedReplicaListener,
  HostedReplicaRequest,
  ReplicaHost,
  ReplicaHostComponents,
  ReplicaHostInit,
} from './replica-host.js'
import { isOfMember, startOf } from './start-of.js'
import { StartQueue } from './start-queue.js'
import { readStopRecord, removeStopRecord, stopRecordOf, writeStopRecord } from './stop-record.js'
import { takeSnapshot } from './take-snapshot.js'
import { Turns } from './turns.js'
import { watchVoters } from './watch-voters.js'
import { whenUp } from './when-up.js'

/** An rqlited of this machine that takes longer to tell of itself counts as not answering. */
const VIEW_LIMIT_MS = 2_000

/** On one processor too: while one start waits for the disk, another goes on. */
const LEAST_STARTS_AT_ONCE = 2

interface Hosted {
  readonly process: ReplicaProcess
  readonly raftId: string
  readonly clusterId: string
  readonly end: AbortController
}

/** Makes a host. */
export const createReplicaHost =
  (init: ReplicaHostInit) =>
  (components: ReplicaHostComponents): ReplicaHost =>
    new ProcessReplicaHost(init, components)

class ProcessReplicaHost implements ReplicaHost {
  readonly #init: ReplicaHostInit
  readonly #components: ReplicaHostComponents
  readonly #marks: LaunchMarks
  readonly #processes: ProcessHost
  readonly #hosted = new Map<string, Hosted>()
  /** Per database: one start, stop or removal after the other. */
  readonly #turns = new Turns()
  readonly #starts: StartQueue

  constructor(init: ReplicaHostInit, components: ReplicaHostComponents) {
    this.#init = init
    this.#components = components
    this.#marks = new LaunchMarks(init.dataDir)
    this.#processes = components.processes ?? createNodeProcessHost()
    this.#starts = new StartQueue(init.startsAtOnce ?? Math.max(LEAST_STARTS_AT_ONCE, availableParallelism()))
  }

  start(request: HostedReplicaRequest, listener: HostedReplicaListener): void {
    this.#turns
      .take(request.name, (superseded) => this.#start(request, listener, superseded))
      .catch((error: unknown) => {
        listener.failed(error instanceof Error ? error.message : String(error))
      })
  }

  sleep(name: string, { run }: { readonly run: number }): Promise<StopRecord | undefined> {
    return this.#turns.take(name, async () => {
      const hosted = this.#hosted.get(name)
      if (hosted === undefined) return readStopRecord(this.#directory(name))
      const { client } = hosted.process
      const { logger } = this.#components
      const snapshot = await takeSnapshot(name, client, logger)
      const view = snapshot ? await viewOf(client) : undefined
      await this.#end(name)
      const record = view === undefined ? undefined : stopRecordOf({ clusterId: hosted.clusterId, run }, view)
      if (record !== undefined) await writeStopRecord(this.#directory(name), record)
      this.#components.ports.rest(name)
      return record
    })
  }

  halt(name: string): Promise<void> {
    return this.#turns.take(name, () => this.#end(name))
  }

  remove(name: string, reason: string): Promise<void> {
    return this.#turns.take(name, async () => {
      await this.#end(name)
      // One that an earlier run of this node left behind would go on with a directory that is no longer there.
      const { logger } = this.#components
      const strays = { host: this.#processes, clock: createSystemClock(), logger }
      await stopStrays(replicaFiles(this.#directory(name)), strays)
      const kept = await setAside(this.#init.dataDir, name)
      await this.#marks.forget(name)
      this.#components.ports.release(name)
      logger.info('Replica removed', { database: name, reason, kept_at: kept ?? 'nothing to keep' })
    })
  }

  get(name: string): HostedReplica | undefined {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return undefined
    const { client, state } = hosted.process
    return { client, capabilities: this.#init.binary.capabilities, raftId: hosted.raftId, starts: state.launches }
  }

  async view(name: string): Promise<RaftView | undefined> {
    const hosted = this.#hosted.get(name)
    return hosted === undefined ? undefined : viewOf(hosted.process.client)
  }

  async proveLeadership(name: string): Promise<RaftView | undefined> {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return undefined
    const { client } = hosted.process
    const before = await viewOf(client)
    if (before?.isLeader !== true) return undefined
    const proved = await client.readThroughRaft({ timeoutMs: VIEW_LIMIT_MS }).then(
      () => true,
      () => false,
    )
    const after = proved ? await viewOf(client) : undefined
    return after?.isLeader === true && after.term === before.term ? after : undefined
  }

  async proveVoters(name: string): Promise<RaftView | undefined> {
    const hosted = this.#hosted.get(name)
    return hosted === undefined ? undefined : proveVoters(hosted.process.client, VIEW_LIMIT_MS)
  }

  async removeVoter(name: string, raftId: string): Promise<void> {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) throw notHere(name)
    await hosted.process.client.remove(raftId, { forward: true })
  }

  dial(host: string, raftPort: number): Promise<boolean> {
    return dial(host, raftPort)
  }

  stopRecord(name: string): Promise<StopRecord | undefined> {
    return readStopRecord(this.#directory(name))
  }

  inspect(): Promise<readonly ReplicaDirectory[]> {
    return replicaDirectories(this.#init.dataDir)
  }

  async stopAll(): Promise<void> {
    this.#turns.supersedeAll()
    await Promise.all(
      [...this.#hosted.keys()].map((name) =>
        this.#turns.take(name, async () => {
          const hosted = this.#hosted.get(name)
          if (hosted?.process.state.phase === 'ready')
            await takeSnapshot(name, hosted.process.client, this.#components.logger)
          await this.#end(name)
        }),
      ),
    )
  }

  async #start(request: HostedReplicaRequest, listener: HostedReplicaListener, superseded: AbortSignal): Promise<void> {
    const { name, late = false } = request
    await this.#end(name)
    // Nothing on disk has changed yet: what is called off while it waits was never begun.
    const leave = await this.#starts.enter({ name, late }, superseded)
    if (leave === undefined) return
    let process: ReplicaProcess | undefined
    try {
      process = await this.#bring(request, listener)
    } finally {
      if (process === undefined) leave()
      else void whenUp(process).then(leave)
    }
  }

  /** @returns undefined when the replica is lost */
  async #bring(request: HostedReplicaRequest, listener: HostedReplicaListener): Promise<ReplicaProcess | undefined> {
    const { name, assignment, decree } = request
    const directory = this.#directory(name)
    const member = { clusterId: decree.clusterId, raftId: assignment.raftId }
    const start = await startOf(request, directory)
    const lost = start === undefined ? 'its Raft state is gone' : await this.#lost(name, member, start)
    if (lost !== undefined || start === undefined) {
      listener.lost(`${lost} (${directory})`)
      return undefined
    }
    this.#components.ports.reserve(name, assignment)
    await this.#marks.count(name, member)
    // First void, then running: two of these would be two truths about one log.
    await removeStopRecord(directory)
    if (start.kind === 'recover') await writeRecoveryPeers(directory, start.peers)
    else await removeRecoveryPeers(directory)
    return this.#launch(request, start, listener)
  }

  #launch(request: HostedReplicaRequest, start: ReplicaStart, listener: HostedReplicaListener): ReplicaProcess {
    const { name, assignment, decree } = request
    const spec: ReplicaSpec = {
      database: name,
      clusterId: decree.clusterId,
      raftId: assignment.raftId,
      directory: this.#directory(name),
      httpPort: assignment.httpPort,
      raftHost: assignment.host,
      raftPort: assignment.raftPort,
      start,
      timing: this.#init.timing,
      foreignKeys: decree.foreignKeys,
      security: this.#components.security,
    }
    const process = createReplicaProcess({ spec, binary: this.#init.binary })({
      logger: this.#components.logger,
      host: this.#processes,
    })
    const end = new AbortController()
    this.#hosted.set(name, { process, raftId: spec.raftId, clusterId: spec.clusterId, end })
    this.#listen(process, request, listener, end.signal)
    process.start()
    return process
  }

  /** Why this directory may not be started as this member. */
  async #lost(
    name: string,
    member: { readonly clusterId: string; readonly raftId: string },
    start: ReplicaStart,
  ): Promise<string | undefined> {
    return isOfMember(start) ? this.#marks.mismatch(name, member) : undefined
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
      if (request.start.kind === 'warm') return listener.warmed()
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

  #directory(name: string): string {
    return join(this.#init.dataDir, name)
  }
}

const viewOf = (client: RqliteClient): Promise<RaftView | undefined> =>
  client.status({ timeoutMs: VIEW_LIMIT_MS }).catch(() => undefined)

const notHere = (name: string): DbClusterError =>
  new DbClusterError('NOT_REPLICA', `this node runs no replica of ${name}`, { hint: 'ask the node of its leader' })
