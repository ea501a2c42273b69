/** How a process ended. Both undefined when it wasn't our child, so that nobody told us. */
export interface ProcessExit {
  readonly code: number | undefined
  readonly signal: string | undefined
}

/** Tells a process from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; from /proc where there is one, else when we started it. */
  readonly startTime: string
}

/** A live process, child or adopted. */
export interface RunningProcess extends ProcessIdentity {
  /** Never rejects. */
  readonly exited: Promise<ProcessExit>
  /** Sends a signal; false when the process is gone. Never reaches another process with the same pid. */
  signal(name: 'SIGTERM' | 'SIGKILL'): boolean
  /** Stops watching without touching the process; `exited` then never settles. */
  release(): void
}

export interface SpawnCommand {
  readonly path: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** File that both output streams are appended to. A pipe would break when this process ends. */
  readonly logFile: string
}

/** Where processes run. The real one is {@link createNodeProcessHost}. */
export interface ProcessHost {
  /**
   * Starts a process in a session of its own: neither Ctrl-C nor the end of this process reaches it.
   * @throws when the system refuses
   */
  spawn(command: SpawnCommand): Promise<RunningProcess>
  /** The live process with this identity whose arguments end with `lastArgument`; undefined when there is none. */
  find(identity: ProcessIdentity, lastArgument: string): Promise<RunningProcess | undefined>
  /** Live processes of any parent whose arguments end with `lastArgument`; none where the system can't tell. */
  findByLastArgument(lastArgument: string): Promise<readonly RunningProcess[]>
}
