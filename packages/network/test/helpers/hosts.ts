import type { LogFields, Logger } from '@dbcluster/protocol'
import { createNetwork, type Network, type NetworkInit } from '../../src/index.js'

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

export interface TestLogger extends Logger {
  readonly lines: LogLine[]
}

export const createTestLogger = (): TestLogger => {
  const lines: LogLine[] = []
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields })
  const logger: TestLogger = {
    lines,
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: () => logger,
  }
  return logger
}

export const NETWORK_KEY = new Uint8Array(32).fill(7)
export const MEMBER_KEY = new Uint8Array(32).fill(9)

export interface TestHost extends Network {
  readonly logger: TestLogger
}

/** Hosts on loopback with free ports; `stopAll` ends them, whatever happened. */
export class Hosts {
  readonly #all: Network[] = []

  /** Made, not started. */
  create(init: Partial<NetworkInit> = {}): TestHost {
    const logger = createTestLogger()
    const network = createNetwork({
      mode: 'node',
      networkKey: NETWORK_KEY,
      memberKeys: [MEMBER_KEY],
      listenAddresses: ['/ip4/127.0.0.1/tcp/0'],
      bootstrapPeers: [],
      ...init,
    })({ logger })
    this.#all.push(network)
    return Object.assign(network, { logger })
  }

  async start(init: Partial<NetworkInit> = {}): Promise<TestHost> {
    const host = this.create(init)
    await host.start()
    return host
  }

  /** Nodes that all know the first one. */
  async startMany(count: number, init: Partial<NetworkInit> = {}): Promise<readonly TestHost[]> {
    const first = await this.start(init)
    const bootstrapPeers = first.multiaddrs()
    const others = Array.from({ length: count - 1 }, () => this.start({ ...init, bootstrapPeers }))
    return [first, ...(await Promise.all(others))]
  }

  /** Two nodes, connected. */
  async pair(init: Partial<NetworkInit> = {}): Promise<readonly [TestHost, TestHost]> {
    const [a, b] = await this.startMany(2, init)
    if (a === undefined || b === undefined) throw new Error('two hosts were asked for')
    await until(() => a.connectedPeers().includes(b.peerId) && b.connectedPeers().includes(a.peerId))
    return [a, b]
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((host) => host.stop()))
  }
}

/** Waits for a condition that no event announces. */
export const until = async (condition: () => boolean, timeoutMs = 20_000): Promise<void> => {
  const deadline = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const string = (value: Uint8Array): string => new TextDecoder().decode(value)
