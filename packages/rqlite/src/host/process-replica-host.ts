import { join } from 'node:path'
import type { DbClusterError, StopRecord } from '@dbcluster/protocol'
import type { RaftView } from '../client/types.js'
import { createSystemClock } from '../process/clock.js'
import { createReplicaProcess } from '../process/create-replica-process.js'
import { createNodeProcessHost } from '../process/node-process-host.js'
import type { ProcessHost } from '../process/process-host.js'
import { replicaFiles } from '../process/replica-files.js'
import type { ReplicaProcess } from '../process/replica-process.js'
import { stopStrays } from '../process/stop-strays.js'
import { dial } from './dial.js'
import { prepareHistory, settleHistory } from './histories.js'
import { noRoom, notHere } from './host-errors.js'
import type { Hosted } from './hosted.js'
import { type ReplicaDirectory, replicaDirectories } from './inspect.js'
import { LaunchMarks } from './launch-mark.js'
import { listenTo } from './listen-to.js'
import { proveLeadership } from './prove-leadership.js'
import { proveVoters } from './prove-voters.js'
import { setAside } from './quarantine.js'
import { RebuildBudget } from './rebuild-budget.js'
import type {
  HostedReplica,
  HostedReplicaListener,
  HostedReplicaRequest,
  ReplicaHost,
  ReplicaHostComponents,
  ReplicaHostInit,
} from './replica-host.js'
import { type Launch, replicaSpecOf } from './replica-spec-of.js'
import { RoomWatch } from './room-watch.js'
import { snapshotSince } from './snapshot-since.js'
import { type SnapshotSubject, Snapshots } from './snapshots.js'
import { isOfMember, startOf } from './start-of.js'
import { StartQueue } from './start-queue.js'
import { readStopRecord, removeStopRecord, stopRecordOf, writeStopRecord } from './stop-record.js'
import { Turns } from './turns.js'
import { VIEW_LIMIT_MS, viewOf } from './view-of.js'
import { whenUp } from './when-up.js'

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
  #launches = 0
  /** Per database: one start, stop or removal after the other. */
  readonly #turns = new Turns()
  readonly #starts: StartQueue
  readonly #room: RoomWatch
  readonly #rebuilds = new RebuildBudget()
  readonly #snapshots: Snapshots

  constructor(init: ReplicaHostInit, components: ReplicaHostComponents) {
    this.#init = init
    this.#components = components
    this.#marks = new LaunchMarks(init.dataDir)
    this.#processes = components.processes ?? createNodeProcessHost()
    const { capabilities } = init.binary
    this.#snapshots = new Snapshots({ capabilities, logger: components.logger, policy: init.snapshots })
    this.#starts = new StartQueue(init.startsAtOnce)
    this.#room = new RoomWatch({
      directory: init.dataDir,
      floorBytes: init.roomFloorBytes,
      onShort: (freeBytes) => this.#onShort(freeBytes),
      onBack: (free_bytes) =>
        components.logger.info('There is room again: replicas start', { data_dir: init.dataDir, free_bytes }),
    })
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
      const snapshot = !(await this.#room.look()) && (await this.#snapshots.take(this.#subject(name, hosted.process)))
      const view = snapshot ? await viewOf(hosted.process.client) : undefined
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
      await this.#stopStrays(name)
      const kept = await setAside(this.#init.dataDir, name)
      await this.#marks.forget(name)
      this.#rebuilds.forget(name)
      this.#components.ports.release(name)
      this.#components.logger.info('Replica removed', { database: name, reason, kept_at: kept ?? 'nothing to keep' })
    })
  }

  get(name: string): HostedReplica | undefined {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return undefined
    const { client, state } = hosted.process
    const incarnation = `${hosted.ordinal}.${state.launches}`
    return { client, capabilities: this.#init.binary.capabilities, raftId: hosted.raftId, incarnation }
  }

  async view(name: string): Promise<RaftView | undefined> {
    const hosted = this.#hosted.get(name)
    return hosted === undefined ? undefined : viewOf(hosted.process.client)
  }

  async proveLeadership(name: string): Promise<RaftView | undefined> {
    const hosted = this.#hosted.get(name)
    return hosted === undefined ? undefined : proveLeadership(hosted.process.client, VIEW_LIMIT_MS)
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

  async shortenLog(name: string): Promise<void> {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return
    await this.#turns.queue(name, () => this.#snapshots.takeForNewcomer(this.#subject(name, hosted.process)))
  }

  stopRecord(name: string): Promise<StopRecord | undefined> {
    return readStopRecord(this.#directory(name))
  }

  inspect(): Promise<readonly ReplicaDirectory[]> {
    return replicaDirectories(this.#init.dataDir)
  }

  async stopAll(): Promise<void> {
    this.#turns.supersedeAll()
    this.#room.stop()
    const mayKeep = !(await this.#room.look())
    await Promise.all(
      [...this.#hosted.keys()].map((name) =>
        this.#turns.take(name, async () => {
          const hosted = this.#hosted.get(name)
          if (mayKeep && hosted?.process.state.phase === 'ready')
            await this.#snapshots.take(this.#subject(name, hosted.process))
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
    this.#room.start()
    if (await this.#room.look()) {
      await this.#stopStrays(name)
      throw noRoom(this.#init.dataDir)
    }
    const member = { clusterId: decree.clusterId, raftId: assignment.raftId }
    const start = await startOf(request, directory)
    const mismatch = start !== undefined && isOfMember(start) ? await this.#marks.mismatch(name, member) : undefined
    const lost = start === undefined ? 'its Raft state is gone' : mismatch
    if (lost !== undefined || start === undefined) {
      listener.lost(`${lost} (${directory})`)
      return undefined
    }
    this.#components.ports.reserve(name, assignment)
    await this.#marks.count(name, member)
    // First void, then running: two of these would be two truths about one log.
    await removeStopRecord(directory)
    const stopStrays = (): Promise<void> => this.#stopStrays(name)
    const recovery = await prepareHistory(directory, { start, recovery: request.recovery ?? 0, stopStrays })
    return this.#launch(request, { start, recovery }, listener)
  }

  #launch(request: HostedReplicaRequest, how: Launch, listener: HostedReplicaListener): ReplicaProcess {
    const { name } = request
    const directory = this.#directory(name)
    const { security, logger } = this.#components
    const spec = replicaSpecOf(request, { directory, ...how, timing: this.#init.timing, security })
    const onFault = (error: DbClusterError): void => this.#onFault(name, process, error)
    const process: ReplicaProcess = createReplicaProcess({ spec, binary: this.#init.binary, onFault })({
      logger,
      host: this.#processes,
    })
    const end = new AbortController()
    const { raftId, clusterId } = spec
    this.#launches += 1
    this.#hosted.set(name, { process, raftId, clusterId, listener, end, ordinal: this.#launches })
    listenTo(process, request, { listener, logger, signal: end.signal, history: () => settleHistory(directory) })
    this.#snapshots.keep(this.#subject(name, process), end.signal, (work) => this.#turns.queue(name, work))
    process.start()
    return process
  }

  #onShort(freeBytes: number): void {
    const about = { data_dir: this.#init.dataDir, free_bytes: freeBytes, replicas: this.#hosted.size }
    this.#components.logger.error('The disk is full: replicas stop, and start again once there is room', about)
    for (const name of this.#hosted.keys()) this.#rebuild(name, noRoom(this.#init.dataDir).message)
  }

  /** A write failed on this replica for want of room or memory, or of a sound disk; it may not have on the others. */
  #onFault(name: string, process: ReplicaProcess, error: DbClusterError): void {
    const hosted = this.#hosted.get(name)
    if (hosted?.process !== process || hosted.end.signal.aborted) return
    const mayRebuild = this.#rebuilds.take(name)
    const then = mayRebuild ? 'it is rebuilt' : 'rebuilding it did not help, and is not tried again for now'
    const about = { database: name, error: error.message }
    this.#components.logger.error(`A replica could not carry out a write: ${then}`, about)
    if (mayRebuild) this.#rebuild(name, error.message)
  }

  /**
   * Stops a replica that may lack what its log has, or is about to. Its next start makes its SQLite file anew, from
   * snapshot and log: unless a snapshot was taken of it meanwhile, it is what it should be then.
   */
  #rebuild(name: string, reason: string): void {
    const wholeAtMs = this.#room.hadRoomAtMs
    const rebuilding = async (): Promise<void> => {
      const hosted = this.#hosted.get(name)
      if (hosted === undefined || hosted.end.signal.aborted) return
      await this.#end(name)
      if (await snapshotSince(this.#directory(name), wholeAtMs))
        hosted.listener.lost(`${reason}, and it took a snapshot then`)
      else hosted.listener.failed(reason)
    }
    this.#turns.queue(name, rebuilding).catch((error: unknown) => {
      this.#components.logger.error('A replica could not be stopped', { database: name, error: String(error) })
    })
  }

  /** Ends what an earlier run of this node left behind. */
  #stopStrays(name: string): Promise<void> {
    const strays = { host: this.#processes, clock: createSystemClock(), logger: this.#components.logger }
    return stopStrays(replicaFiles(this.#directory(name)), strays)
  }

  async #end(name: string): Promise<void> {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return
    hosted.end.abort()
    await hosted.process.stop()
    await hosted.process.client.close()
    if (this.#hosted.get(name) === hosted) this.#hosted.delete(name)
  }

  #subject(name: string, { client }: ReplicaProcess): SnapshotSubject {
    return { name, client, directory: this.#directory(name) }
  }

  #directory(name: string): string {
    return join(this.#init.dataDir, name)
  }
}
