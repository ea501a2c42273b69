import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../eventually.js'
import { AppProcess } from '../process/app-process.js'

const START_LIMIT_MS = 20_000

/** What a gateway of a test cluster depends on. */
export interface TestGatewayInit {
  readonly directory: string
  readonly port: number
  readonly bootstrapPeers: readonly string[]
  readonly networkKeyFile: string
  readonly sets: readonly string[]
}

/** One gateway process. */
export class TestGateway {
  readonly url: string
  readonly #process: AppProcess

  constructor({ directory, port, bootstrapPeers, networkKeyFile, sets }: TestGatewayInit) {
    const configFile = join(directory, 'gateway.yaml')
    writeFileSync(
      configFile,
      JSON.stringify({
        gateway: {
          listen: `127.0.0.1:${port}`,
          bootstrap_peers: bootstrapPeers,
          network_key_file: networkKeyFile,
        },
        log: { level: 'debug' },
      }),
    )
    this.url = `http://127.0.0.1:${port}`
    this.#process = new AppProcess({
      app: 'gateway',
      args: ['--config', configFile, ...sets.flatMap((set) => ['--set', set])],
      logFile: join(directory, 'gateway.log'),
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
    const ready = async (): Promise<boolean> => !this.running || (await fetch(`${this.url}/readyz`)).ok
    await eventually('the gateway is ready', ready, { limitMs: START_LIMIT_MS })
    this.#process.checkRunning()
  }

  /** Sends a signal and waits until the process is gone. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.#process.kill(signal)
  }
}
