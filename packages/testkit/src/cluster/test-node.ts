import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../eventually.js'
import { AppProcess } from '../process/app-process.js'
import { isAlive, type ProcessRef } from '../process/process-table.js'

/** A busy machine takes its time. */
const START_LIMIT_MS = 60_000

/** An rqlited that a node started, as its `process.json` tells. */
export interface RqlitedRef extends ProcessRef {
  /** Internal name, app included. */
  readonly database: string
  readonly httpPort: number
  readonly raftPort: number
  /** With the credential that its HTTP port asks for. */
  readonly headers: Readonly<Record<string, string>>
}

/** Where one node of a test cluster keeps what. */
export interface TestNodeInit {
  readonly index: number
  readonly directory: string
  readonly dataDir: string
  readonly configFile: string
  readonly sets: readonly string[]
  /** @default none */
  readonly launcher?: readonly string[]
  /** From the start of the process until it listens. @default 20_000 */
  readonly startLimitMs?: number
}

interface Announcement {
  readonly peer_id: string
  readonly pid: number
  readonly multiaddrs: readonly string[]
}

/** One node process, over all its runs. */
export class TestNode {
  readonly index: number
  readonly dataDir: string
  readonly #process: AppProcess
  readonly #startLimitMs: number

  constructor(init: TestNodeInit) {
    const { index, directory, dataDir, configFile, sets, launcher = [] } = init
    this.index = index
    this.dataDir = dataDir
    this.#startLimitMs = init.startLimitMs ?? START_LIMIT_MS
    this.#process = new AppProcess({
      app: 'node',
      args: ['--config', configFile, ...sets.flatMap((set) => ['--set', set])],
      launcher,
      logFile: join(directory, `node-${index}.log`),
      directory,
    })
  }

  get pid(): number {
    return this.#process.pid
  }

  get running(): boolean {
    return this.#process.running
  }

  /** Stays over restarts. */
  get peerId(): string {
    return this.#announcement().peer_id
  }

  get multiaddrs(): readonly string[] {
    return this.#announcement().multiaddrs
  }

  /** How the last run ended; undefined while it runs. */
  get exit(): AppProcess['exit'] {
    return this.#process.exit
  }

  /** Its log, earlier runs included. */
  get output(): string {
    return this.#process.output
  }

  /** Starts it and waits until it listens. @throws Error with its last words when it ends instead */
  async start(): Promise<void> {
    this.#process.launch()
    await eventually(
      `node ${this.index} listens`,
      () => {
        // Ended before it was ready: waiting longer is of no use.
        if (!this.running) return true
        return existsSync(this.#announcementFile) && this.#announcement().pid === this.pid
      },
      { limitMs: this.#startLimitMs },
    )
    this.#process.checkRunning()
  }

  /** Sends a signal and waits until the process is gone; its rqlited processes live on after SIGKILL. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.#process.kill(signal)
  }

  /** Sends a signal only. */
  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal)
  }

  /** Living rqlited processes that were started for this node, in the order of their names. */
  rqliteds(): readonly RqlitedRef[] {
    if (!existsSync(this.dataDir)) return []
    return readdirSync(this.dataDir)
      .sort()
      .flatMap((database) => readProcessRecord(join(this.dataDir, database), database))
      .filter(isAlive)
  }

  get #announcementFile(): string {
    return join(this.dataDir, 'node.json')
  }

  #announcement(): Announcement {
    return JSON.parse(readFileSync(this.#announcementFile, 'utf8')) as Announcement
  }
}

const readProcessRecord = (directory: string, database: string): readonly RqlitedRef[] => {
  try {
    const { process, httpPort, raftAddress } = JSON.parse(readFileSync(join(directory, 'process.json'), 'utf8')) as {
      readonly process: ProcessRef | null
      readonly httpPort: number
      readonly raftAddress: string
    }
    const raftPort = Number(raftAddress.split(':').at(-1))
    return process === null ? [] : [{ ...process, database, httpPort, raftPort, headers: credentialOf(directory) }]
  } catch {
    return [] // no replica, or one that is just being written
  }
}

/** Its own `-auth` file tells the credential, first the one that the node uses; without that file it asks for none. */
const credentialOf = (directory: string): Readonly<Record<string, string>> => {
  const file = join(directory, 'security', 'auth.json')
  if (!existsSync(file)) return {}
  const [user] = JSON.parse(readFileSync(file, 'utf8')) as readonly {
    readonly username: string
    readonly password: string
  }[]
  if (user === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}` }
}
