import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { join } from 'node:path'
import { eventually } from '../eventually.js'
import { AppProcess } from '../process/app-process.js'

const START_LIMIT_MS = 20_000

/** What a gateway of a test cluster depends on. */
export interface TestGatewayInit {
  readonly directory: string
  /** Tells several of one directory apart. @default gateway */
  readonly name?: string
  /** @default 127.0.0.1 */
  readonly host?: string
  /** @default none */
  readonly launcher?: readonly string[]
  readonly port: number
  readonly bootstrapPeers: readonly string[]
  readonly networkKeyFile: string
  readonly sets: readonly string[]
  /** Until it reaches a node. @default 20_000 */
  readonly startLimitMs?: number
  /** It speaks HTTPS, with a certificate of this authority (PEM) for this name. @default plain HTTP */
  readonly authority?: { readonly ca: string; readonly servername: string }
}

/** One gateway process. */
export class TestGateway {
  readonly url: string
  readonly #process: AppProcess
  readonly #startLimitMs: number
  readonly #authority: TestGatewayInit['authority']

  constructor(init: TestGatewayInit) {
    const { directory, name = 'gateway', host = '127.0.0.1', port, bootstrapPeers, networkKeyFile, sets } = init
    const configFile = join(directory, `${name}.yaml`)
    writeFileSync(
      configFile,
      JSON.stringify({
        gateway: {
          listen: `${host}:${port}`,
          bootstrap_peers: bootstrapPeers,
          network_key_file: networkKeyFile,
        },
        log: { level: 'debug' },
      }),
    )
    this.#startLimitMs = init.startLimitMs ?? START_LIMIT_MS
    this.#authority = init.authority
    this.url = `${init.authority === undefined ? 'http' : 'https'}://${host}:${port}`
    this.#process = new AppProcess({
      app: 'gateway',
      args: ['--config', configFile, ...sets.flatMap((set) => ['--set', set])],
      launcher: init.launcher ?? [],
      logFile: join(directory, `${name}.log`),
      directory,
    })
  }

  get pid(): number {
    return this.#process.pid
  }

  get running(): boolean {
    return this.#process.running
  }

  get exit(): AppProcess['exit'] {
    return this.#process.exit
  }

  get output(): string {
    return this.#process.output
  }

  /** Starts it and waits until it reaches a node. @throws Error with its last words when it ends instead */
  async start(): Promise<void> {
    this.#process.launch()
    const ready = async (): Promise<boolean> => !this.running || (await this.#isReady())
    await eventually('the gateway is ready', ready, { limitMs: this.#startLimitMs })
    this.#process.checkRunning()
  }

  async #isReady(): Promise<boolean> {
    if (this.#authority === undefined) return (await fetch(`${this.url}/readyz`)).ok
    const asked = get(`${this.url}/readyz`, { ...this.#authority, agent: false })
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode === 200
  }

  /** Sends a signal and waits until the process is gone. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.#process.kill(signal)
  }
}
