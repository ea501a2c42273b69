import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GatewayConfig, loadGatewayConfig } from '@dbcluster/config'
import {
  createNetwork,
  formatSwarmKey,
  generateIdentity,
  generateNetworkKey,
  type Network,
  type RequestHandler,
} from '@dbcluster/network'
import { CLIENT_PROTOCOL, type ClientRequest, decodeMessage, encodeMessage, type Logger } from '@dbcluster/protocol'
import { afterEach, describe, expect, test } from '@jest/globals'
import { readArguments } from '../src/arguments.js'
import { type RunningGateway, startGateway } from '../src/start-gateway.js'

const nothing = (): void => undefined
const logger: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => logger }

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A node, not started yet, whose answer to everything is one row, after `hold`. */
const createNode = async (networkKey: Uint8Array, port: number, hold: Promise<void>): Promise<Network> => {
  const network = createNetwork({
    mode: 'node',
    privateKey: await generateIdentity(),
    networkKey,
    memberKeys: [new Uint8Array(32).fill(1)],
    listenAddresses: [`/ip4/127.0.0.1/tcp/${port}`],
    bootstrapPeers: [],
  })({ logger })
  const answer: RequestHandler = async ({ payload }) => {
    const { operation } = decodeMessage(payload) as ClientRequest
    await hold
    const result = operation.op === 'query' ? { columns: ['one'], rows: [[1]] } : { replicas: [] }
    return encodeMessage({ ok: true, result, meta: { servedBy: network.peerId, durationMs: 1 } })
  }
  network.handle(CLIENT_PROTOCOL, answer, { audience: 'everyone' })
  cleanups.push(() => network.stop())
  return network
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const configOf = async (networkKey: Uint8Array, peers: readonly string[]): Promise<GatewayConfig> => {
  const directory = await mkdtemp(join(tmpdir(), 'gateway-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'network.key'), formatSwarmKey(networkKey), { mode: 0o600 })
  const gateway = { listen: '127.0.0.1:0', bootstrap_peers: peers, network_key_file: './network.key' }
  return loadGatewayConfig({ text: JSON.stringify({ gateway }), directory }).config
}

const start = async (config: GatewayConfig): Promise<RunningGateway> => {
  const gateway = await startGateway(config, logger)
  cleanups.push(() => gateway.stop())
  return gateway
}

const query = (url: string): Promise<Response> =>
  fetch(`${url}/v1/database/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'k' },
    body: '{"database":"users","sql":"SELECT 1 AS one"}',
  })

const untilReady = async (url: string): Promise<void> => {
  for (const deadline = Date.now() + 15_000; !(await fetch(`${url}/readyz`)).ok; ) {
    if (Date.now() > deadline) throw new Error('the gateway did not become ready within 15 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('the gateway', () => {
  test('answers through a node, and lets what is under way finish when it is stopped', async () => {
    const key = generateNetworkKey()
    let release = nothing
    const hold = new Promise<void>((resolve) => {
      release = resolve
    })
    const node = await createNode(key, 0, hold)
    await node.start()
    const gateway = await start(await configOf(key, node.multiaddrs()))
    await untilReady(gateway.url)
    const answer = query(gateway.url)
    for (const deadline = Date.now() + 10_000; !(await isQueryInFlight(gateway.url)); ) {
      if (Date.now() > deadline) throw new Error('the query was not seen within 10 s')
    }
    const stopped = gateway.stop()
    release()
    expect(await (await answer).json()).toMatchObject({ items: [{ one: 1 }], count: 1 })
    await stopped
    await expect(query(gateway.url)).rejects.toThrow()
  })

  test('starts before its nodes, says so, and becomes ready when one comes', async () => {
    const key = generateNetworkKey()
    const port = await freePort()
    const node = await createNode(key, port, Promise.resolve())
    const address = `/ip4/127.0.0.1/tcp/${port}/p2p/${node.peerId}`
    const gateway = await start(await configOf(key, [address]))
    expect(await (await fetch(`${gateway.url}/readyz`)).json()).toMatchObject({
      reason: expect.stringContaining(address),
    })
    await node.start()
    await untilReady(gateway.url)
    expect((await query(gateway.url)).status).toBe(200)
  })

  test('without a network key it does not start', async () => {
    const config = await configOf(generateNetworkKey(), [])
    const broken = { ...config, gateway: { ...config.gateway, networkKeyFile: '/nonexistent/network.key' } }
    await expect(startGateway(broken, logger)).rejects.toMatchObject({ code: 'KEY_MISSING' })
  })
})

/** Beside the request for the metrics itself. */
const isQueryInFlight = async (url: string): Promise<boolean> =>
  /requests_in_flight 2/.test(await (await fetch(`${url}/metrics`)).text())

describe('the command line', () => {
  test('has its options, with and without --', () => {
    const expected = { config: 'a.yaml', sets: ['x=1', 'y=2'], help: false, version: false }
    expect(readArguments(['--', '--config', 'a.yaml', '--set', 'x=1', '--set=y=2'])).toEqual(expected)
    expect(readArguments(['--config=a.yaml', '--set', 'x=1', '--set', 'y=2'])).toEqual(expected)
    expect(() => readArguments(['--conf', 'a'])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})
