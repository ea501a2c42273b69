import { DbClusterError, isDbClusterError, type Logger } from '@dbcluster/protocol'
import type { ReplicaSpec } from '../arguments/replica-spec.js'
import { timingOf } from '../arguments/timing.js'
import type { RqliteBinary } from '../binary/describe-rqlited.js'
import { createRqliteClient, type RqliteClient } from '../client/rqlite-client.js'
import { watchRenewal } from '../security/watch-renewal.js'
import { type Clock, createSystemClock } from './clock.js'
import { launch } from './launch.js'
import { createNodeProcessHost } from './node-process-host.js'
import type { ProcessExit, ProcessHost, RunningProcess } from './process-host.js'
import { recordMembership } from './raft-state.js'
import { waitUntilReady, waitUntilUp } from './readiness.js'
import { boundLog, lastLogLines, type ReplicaFiles, replicaFiles } from './replica-files.js'
import type { ReplicaProcess, ReplicaProcessState } from './replica-process.js'
import {
  DEFAULT_RESTART_POLICY,
  INITIAL_SUPERVISOR_STATE,
  type RestartPolicy,
  type SupervisorEffect,
  type SupervisorEvent,
  stepSupervisor,
} from './supervisor-machine.js'

export interface ReplicaProcessInit {
  readonly spec: ReplicaSpec
  readonly binary: RqliteBinary
  /** @default DEFAULT_RESTART_POLICY */
  readonly restart?: Partial<RestartPolicy>
  /** Bound of rqlited's log; an outgrown one is emptied. The log of the run before is kept too. @default 4 MiB */
  readonly logMaxBytes?: number
  /** Told of writes that failed on this replica, maybe on it alone ({@link isReplicaFault}). @default nobody */
  readonly onFault?: (error: DbClusterError) => void
}

export interface ReplicaProcessComponents {
  readonly logger: Logger
  /** @default the real ones */
  readonly host?: ProcessHost
  readonly clock?: Clock
}

const DEFAULT_GRACE_MS = 10_000
const LOG_CHECK_MS = 30_000
const LAST_LINES = 8

/** Makes the keeper of one replica's rqlited; nothing happens before `start`. */
export const createReplicaProcess =
  (init: ReplicaProcessInit) =>
  (components: ReplicaProcessComponents): ReplicaProcess =>
    new SupervisedReplica(init, components)

/** The machine decides; this class carries its decisions out. */
class SupervisedReplica implements ReplicaProcess {
  readonly client: RqliteClient
  readonly #binary: RqliteBinary
  readonly #policy: RestartPolicy
  readonly #logMaxBytes: number
  readonly #files: ReplicaFiles
  readonly #logger: Logger
  readonly #host: ProcessHost
  readonly #clock: Clock
  readonly #listeners = new Set<(state: ReplicaProcessState) => void>()
  #spec: ReplicaSpec
  #machine = INITIAL_SUPERVISOR_STATE
  #process: RunningProcess | undefined
  #adopted = false
  #answered = false
  #error: DbClusterError | undefined
  #graceMs = DEFAULT_GRACE_MS
  #probe: AbortController | undefined
  #cancelTimer: () => void = () => undefined
  #cancelLogCheck: () => void = () => undefined
  #cancelRenewal: () => void = () => undefined

  constructor(init: ReplicaProcessInit, components: ReplicaProcessComponents) {
    this.#spec = init.spec
    this.#binary = init.binary
    this.#policy = { ...DEFAULT_RESTART_POLICY, ...init.restart }
    this.#logMaxBytes = init.logMaxBytes ?? 4 * 1024 * 1024
    this.#files = replicaFiles(init.spec.directory)
    this.#logger = components.logger.child({ database: init.spec.database })
    this.#host = components.host ?? createNodeProcessHost()
    this.#clock = components.clock ?? createSystemClock()
    const { httpPort, security, clusterId } = init.spec
    this.client = createRqliteClient({
      httpPort,
      capabilities: init.binary.capabilities,
      ...(init.onFault === undefined ? {} : { onFault: init.onFault }),
      ...(security === undefined ? {} : { credential: security.credentials(clusterId)[0] }),
    })
  }

  get state(): ReplicaProcessState {
    return {
      phase: this.#machine.phase,
      pid: this.#process?.pid,
      adopted: this.#adopted,
      launches: this.#machine.incarnation,
      answered: this.#answered,
      error: this.#error,
    }
  }

  start(): void {
    this.#dispatch({ type: 'startRequested' })
  }

  async stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#graceMs = options.graceMs ?? DEFAULT_GRACE_MS
    this.#dispatch({ type: 'stopRequested' })
    await this.#until((phase) => phase === 'stopped' || phase === 'detached')
  }

  detach(): void {
    this.#dispatch({ type: 'detachRequested' })
    void this.client.close().catch(() => undefined)
  }

  async ready(signal?: AbortSignal): Promise<void> {
    await this.#until((phase) => ['ready', 'failed', 'stopped', 'detached'].includes(phase), signal)
    const { phase } = this.#machine
    if (phase === 'ready') return
    if (phase === 'failed' && this.#error !== undefined) throw this.#error
    const stopped = phase === 'stopped' || phase === 'detached'
    throw new DbClusterError(
      stopped ? 'SHUTTING_DOWN' : 'CANCELLED',
      `${this.#spec.database}: replica is ${phase}, not ready`,
      { hint: this.#error?.message, details: { phase }, cause: this.#error },
    )
  }

  onStateChanged(listener: (state: ReplicaProcessState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  lastOutput(): Promise<string> {
    return lastLogLines(this.#files, LAST_LINES)
  }

  #dispatch(event: SupervisorEvent): void {
    const before = this.#machine
    const { state, effects } = stepSupervisor(before, event, this.#policy, this.#clock.now())
    this.#machine = state
    if (state.phase === 'ready') this.#error = undefined
    if (state.phase !== 'starting') this.#probe?.abort()
    for (const effect of effects) this.#perform(effect)
    if (state !== before) this.#tell()
  }

  #tell(): void {
    const now = this.state
    for (const listener of [...this.#listeners]) listener(now)
  }

  #onAnswer(): void {
    if (this.#answered || this.#machine.phase !== 'starting') return
    this.#answered = true
    this.#tell()
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.type) {
      case 'launch':
        return void this.#launch(effect.incarnation)
      case 'probe':
        return void this.#waitUntilReady(this.#machine.incarnation)
      case 'terminate':
        return void this.#process?.signal('SIGTERM')
      case 'kill':
        this.#logger.warn('rqlited did not stop in time, killing it', { pid: this.#process?.pid })
        return void this.#process?.signal('SIGKILL')
      case 'armGrace':
        return this.#arm(this.#graceMs)
      case 'armBackoff':
        return this.#arm(effect.delayMs)
      case 'cancelTimer':
        return this.#cancelTimer()
      case 'release':
        return this.#release()
    }
  }

  #arm(delayMs: number): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#dispatch({ type: 'timerElapsed' }))
  }

  async #launch(incarnation: number): Promise<void> {
    this.#answered = false
    try {
      const context = {
        spec: this.#spec,
        binary: this.#binary,
        files: this.#files,
        host: this.#host,
        clock: this.#clock,
        logger: this.#logger,
      }
      const { process, adopted } = await launch(context)
      this.#process = process
      this.#adopted = adopted
      if (this.#machine.phase === 'detached') return this.#release()
      this.#watchLog()
      this.#cancelRenewal()
      this.#cancelRenewal = watchRenewal(this.#spec, this.#clock, () => this.#renew())
      void process.exited.then((exit) => this.#onExited(incarnation, exit))
      this.#dispatch({ type: 'launched', incarnation })
    } catch (error) {
      const refused = isDbClusterError(error) && (error.code === 'RQLITED_REFUSED' || error.code === 'INVALID_REQUEST')
      this.#error = refused ? error : this.#startError(String(error), '', error)
      this.#dispatch({ type: refused ? 'launchRefused' : 'launchFailed', incarnation })
    }
  }

  async #waitUntilReady(incarnation: number): Promise<void> {
    const probe = new AbortController()
    this.#probe = probe
    const { start, timing } = this.#spec
    const isWarm = start.kind === 'warm'
    const joins = start.kind === 'join' || start.kind === 'rejoin' ? timingOf(timing) : {}
    const ready = isWarm
      ? waitUntilUp(this.client, probe.signal)
      : waitUntilReady(this.client, probe.signal, { onAnswer: () => this.#onAnswer(), ...joins })
    if (!(await ready) || probe.signal.aborted) return
    if (isWarm) return this.#dispatch({ type: 'becameReady', incarnation })
    try {
      await recordMembership(this.#spec)
    } catch (error) {
      this.#logger.error('Cannot record the membership of a replica', { error })
      this.#process?.signal('SIGTERM')
      return
    }
    this.#spec = { ...this.#spec, start: { kind: 'restart' } }
    this.#dispatch({ type: 'becameReady', incarnation })
  }

  async #onExited(incarnation: number, exit: ProcessExit): Promise<void> {
    if (this.#machine.phase === 'detached') return
    this.#cancelLogCheck()
    this.#cancelRenewal()
    if (this.#machine.phase !== 'stopping' && this.#machine.phase !== 'killing') {
      const how = exit.signal ?? (exit.code === undefined ? 'unknown status' : `status ${exit.code}`)
      const output = await this.lastOutput()
      this.#error = this.#startError(`it ended with ${how}`, output)
      this.#logger.warn('rqlited ended by itself', { pid: this.#process?.pid, how, output })
    }
    this.#process = undefined
    this.#dispatch({ type: 'exited', incarnation })
  }

  #startError(why: string, output: string, cause?: unknown): DbClusterError {
    const said = output === '' ? '' : `; its last words:\n${output}`
    return new DbClusterError('RQLITED_START_FAILED', `rqlited of ${this.#spec.database} does not run: ${why}${said}`, {
      hint: `see ${this.#files.log}; it may be a port in use, a full disk or an unreadable directory`,
      details: { directory: this.#spec.directory, httpPort: this.#spec.httpPort, raftPort: this.#spec.raftPort },
      cause,
    })
  }

  #watchLog(): void {
    this.#cancelLogCheck()
    const check = (): void => {
      void boundLog(this.#files, this.#logMaxBytes)
      this.#watchLog()
    }
    this.#cancelLogCheck = this.#clock.after(LOG_CHECK_MS, check, true)
  }

  /** Not every rqlited reads a new certificate while it runs, so a new process does. */
  #renew(): void {
    if (this.#machine.phase !== 'ready') return
    this.#logger.info('Restarting rqlited with a new certificate', { pid: this.#process?.pid })
    this.#dispatch({ type: 'stopRequested' })
    this.#dispatch({ type: 'startRequested' })
  }

  #release(): void {
    this.#cancelLogCheck()
    this.#cancelRenewal()
    this.#process?.release()
    this.#process = undefined
    this.#probe?.abort()
  }

  #until(wanted: (phase: ReplicaProcessState['phase']) => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (wanted(this.#machine.phase) || signal?.aborted === true) return resolve()
      const end = (): void => {
        stopListening()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const stopListening = this.onStateChanged(({ phase }) => {
        if (wanted(phase)) end()
      })
      signal?.addEventListener('abort', end, { once: true })
    })
  }
}
