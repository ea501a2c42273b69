import type { DbClusterError } from '@dbcluster/protocol'
import type { RqliteClient } from '../client/rqlite-client.js'
import type { ReplicaPhase } from './supervisor-machine.js'

/** What is known of a replica's process. */
export interface ReplicaProcessState {
  readonly phase: ReplicaPhase
  /** Undefined while there is none. */
  readonly pid: number | undefined
  /** An earlier run of this node started it. */
  readonly adopted: boolean
  /** Times it was started or adopted since this object was made. */
  readonly launches: number
  /** The present process has answered, ready or not: what its start costs is behind it. */
  readonly answered: boolean
  /** Why it ended or didn't start, with rqlited's own last words; undefined once it is ready. */
  readonly error: DbClusterError | undefined
}

/** Keeps one rqlited alive. */
export interface ReplicaProcess {
  readonly state: ReplicaProcessState
  /** Speaks to this replica, whether its process is up or not. */
  readonly client: RqliteClient
  /** Starts it, or adopts the one that is running already; returns at once. After `failed` it begins anew. */
  start(): void
  /**
   * SIGTERM, and SIGKILL after the grace. Resolves when the process is gone.
   * @param options.graceMs - @default 10_000
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>
  /** Gives the process up without touching it: it runs on, and a later `start` of another object adopts it. */
  detach(): void
  /**
   * Resolves when it is ready.
   * @throws DbClusterError `RQLITED_START_FAILED` or `RQLITED_REFUSED` when it gave up; `SHUTTING_DOWN` when it is
   * stopped; `CANCELLED` when the signal is aborted, with what hindered it so far
   */
  ready(signal?: AbortSignal): Promise<void>
  /** Called on each change of the state. Returns what ends that. */
  onStateChanged(listener: (state: ReplicaProcessState) => void): () => void
  /** Last lines that rqlited wrote. */
  lastOutput(): Promise<string>
}
