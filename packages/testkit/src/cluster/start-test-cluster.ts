import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApiKey } from '@dbcluster/auth'
import { type Client, createClient } from '@dbcluster/client'
import { parseSwarmKey } from '@dbcluster/network'
import { eventually } from '../eventually.js'
import { findPortRanges, type PortRange } from '../free-ports.js'
import { processesIn, signalProcess } from '../process/process-table.js'
import { startReaper } from '../process/reaper.js'
import { type DirectLine, openDirectLine } from './direct-line.js'
import { createHttpHelper } from './http-helper.js'
import { nodeConfigText, PORTS_PER_RANGE } from './node-config.js'
import type { TestCluster, TestClusterInit } from './test-cluster.js'
import { TestGateway } from './test-gateway.js'
import { TestNode } from './test-node.js'

const APP = 'demo'
const KEY_FILES = ['network.key', 'cluster.key']
/** Admission and first contact, on a busy machine. */
const SETTLE_LIMIT_MS = 60_000

/**
 * Starts real processes: nodes, and a gateway, with keys, free ports and a directory of their own. When it fails,
 * nothing is left behind.
 * @throws Error with the last words of the process that did not come up
 */
export const startTestCluster = async (init: TestClusterInit = {}): Promise<TestCluster> => {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'dbcluster-test-'))
  const reaper = startReaper(directory)
  const endings: (() => Promise<void>)[] = []
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= end(directory, endings).finally(() => reaper.reap())
    return stopping
  }
  try {
    return await build(init, { directory, onStop: (ending) => endings.push(ending), stop })
  } catch (error) {
    await stop()
    throw error
  }
}

interface Surroundings {
  readonly directory: string
  readonly onStop: (ending: () => Promise<void>) => void
  readonly stop: () => Promise<void>
}

const build = async (init: TestClusterInit, { directory, onStop, stop }: Surroundings): Promise<TestCluster> => {
  const count = init.nodes ?? 3
  const own = createApiKey({ app: APP, scope: 'admin' })
  const created = Object.entries(init.keys ?? {}).map(([name, key]) => [name, createApiKey(key)] as const)
  const [control, ...ranges] = await findRanges(count)
  const nodes = Array.from({ length: count }, (_, index) => {
    const dataDir = join(directory, `node-${index}`)
    const configFile = join(directory, `node-${index}.yaml`)
    const launcher = init.launcher?.(index) ?? []
    return new TestNode({ index, directory, dataDir, configFile, sets: init.sets ?? [], launcher })
  })
  const startNode = async (node: TestNode, bootstrapPeers: readonly string[]): Promise<void> => {
    const text = nodeConfigText({
      dataDir: node.dataDir,
      listenPort: control.start + node.index,
      http: ranges[2 * node.index] ?? control,
      raft: ranges[2 * node.index + 1] ?? control,
      bootstrapPeers,
      apiKeys: [own.record, ...created.map(([, { record }]) => record)],
      jwtSecret: init.jwtSecret,
      jwt: init.jwt ?? [],
      rqlitedPath: process.env.DBCLUSTER_RQLITED,
    })
    writeFileSync(join(directory, `node-${node.index}.yaml`), text)
    await node.start()
  }
  const keys = (node: TestNode): string => join(node.dataDir, 'keys')

  const [founder, ...others] = nodes
  if (founder === undefined) throw new Error('a cluster has at least one node')
  await startNode(founder, [])
  for (const node of others) {
    mkdirSync(keys(node), { recursive: true, mode: 0o700 })
    for (const file of KEY_FILES) copyFileSync(join(keys(founder), file), join(keys(node), file))
  }
  await Promise.all(others.map((node) => startNode(node, founder.multiaddrs)))
  const peers = nodes.flatMap((node) => node.multiaddrs)
  const networkKeyFile = join(keys(founder), 'network.key')
  const networkKey = readFileSync(networkKeyFile, 'utf8')

  const line = await openDirectLine({ networkKey: parseSwarmKey(networkKey), peers, credential: own.key })
  onStop(() => line.close())
  const settled = (): Promise<void> => settle(nodes, line)
  await settled()
  const gateway =
    init.gateway === false
      ? undefined
      : new TestGateway({
          directory,
          port: control.start + count,
          bootstrapPeers: peers,
          networkKeyFile,
          sets: init.gatewaySets ?? [],
        })
  await gateway?.start()
  const theGateway = (): TestGateway => {
    if (gateway === undefined) throw new Error('this cluster has no gateway')
    return gateway
  }
  const keep = (client: Client): Client => {
    onStop(() => client.close())
    return client
  }
  return {
    directory,
    nodes,
    get gateway() {
      return theGateway()
    },
    app: APP,
    key: own.key,
    keys: Object.fromEntries(created.map(([name, { key }]) => [name, key])),
    networkKey,
    http: createHttpHelper(() => theGateway().url, own.key),
    client: (node) => {
      const bootstrapPeers = node === undefined ? peers : (nodes[node]?.multiaddrs ?? [])
      return keep(createClient({ app: APP, bootstrapPeers, networkKey, apiKey: own.key }))
    },
    httpClient: () => keep(createClient({ url: theGateway().url, apiKey: own.key })),
    ask: (node, operation, options) => line.ask(nodes[node]?.peerId ?? '', operation, options),
    settled,
    rqliteds: () => nodes.flatMap((node) => node.rqliteds().map((rqlited) => ({ ...rqlited, node: node.index }))),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Ports for libp2p and HTTP first, then an HTTP and a Raft range for each node. */
const findRanges = async (nodes: number): Promise<readonly [PortRange, ...PortRange[]]> => {
  const [control, ...ranges] = await findPortRanges(1 + 2 * nodes, PORTS_PER_RANGE)
  if (control === undefined) throw new Error('no free ports')
  return [control, ...ranges]
}

const settle = async (nodes: readonly TestNode[], line: DirectLine): Promise<void> => {
  const running = nodes.filter((node) => node.running).map((node) => node.peerId)
  for (const peerId of running) {
    await eventually(
      `${peerId} knows all ${nodes.length} nodes, and those that run as healthy`,
      async () => {
        const { nodes: known } = await line.ask(peerId, { op: 'networkStatus' }, { timeoutMs: 2_000 })
        const healthy = known.filter((node) => node.health === 'healthy').map((node) => node.peer_id)
        return known.length === nodes.length && running.every((other) => healthy.includes(other))
      },
      { limitMs: SETTLE_LIMIT_MS },
    )
  }
}

/** Clients first, so that nothing of theirs fails; then every process, without grace: what they hold is thrown away. */
const end = async (directory: string, endings: readonly (() => Promise<void>)[]): Promise<void> => {
  await Promise.allSettled(endings.map((ending) => ending()))
  keepLogs(directory)
  for (const ref of processesIn(directory)) signalProcess(ref, 'SIGKILL')
}

/** For whoever looks for the reason of a failure: DBCLUSTER_TEST_LOGS=DIRECTORY. */
const keepLogs = (directory: string): void => {
  const target = process.env.DBCLUSTER_TEST_LOGS
  if (target === undefined || target === '') return
  mkdirSync(target, { recursive: true })
  const prefix = directory.slice(-6)
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.log'))) {
    copyFileSync(join(directory, file), join(target, `${prefix}-${file}`))
  }
}
