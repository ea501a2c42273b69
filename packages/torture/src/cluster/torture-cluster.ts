import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApiKey } from '@dbcluster/auth'
import { type Client, createClient } from '@dbcluster/client'
import { parseSwarmKey } from '@dbcluster/network'
import {
  type DirectLine,
  eventually,
  findPortRanges,
  nodeConfigText,
  openDirectLine,
  PORTS_PER_RANGE,
  processesIn,
  signalProcess,
  startReaper,
  TestGateway,
  TestNode,
} from '@dbcluster/testkit'
import type { Machine } from './machine.js'
import { Member } from './member.js'

const APP = 'torture'
const KEY_FILES = ['network.key', 'cluster.key']
/**
 * Enough for everything a run writes; a fault fills what is left of it. A newcomer replays some 18,000 entries before its first
 * snapshot, which leaves a WAL of up to 200 MB, and there are three databases: that is reached within an hour.
 */
const SMALL_DISK_BYTES = { least: 256 * 1024 * 1024, perMinute: 16 * 1024 * 1024 }

/** Several nodes that start at once on a machine with other work to do. */
const START_LIMIT_MS = 180_000
/** Admission and first contact, on a busy machine. */
const SETTLE_LIMIT_MS = 180_000

/** Settings of a cluster. */
export interface TortureClusterInit {
  readonly machine: Machine
  readonly nodes: number
  readonly gateways: number
  /** Overrides for every node, as its `--set` takes them. */
  readonly sets: readonly string[]
  /** How long it is to run: what its disks have to hold grows with that. */
  readonly minutes: number
}

/** A client, and what it goes through. */
export interface NamedClient {
  readonly via: string
  readonly client: Client
}

/** The nodes and gateways of a run. */
export interface TortureCluster {
  readonly app: string
  /** An API key for everything. */
  readonly key: string
  readonly directory: string
  readonly machine: Machine
  /** In the order of their starts; those that were given up stay in it. */
  readonly members: readonly Member[]
  readonly gateways: readonly TestGateway[]
  /** Asks single nodes. */
  readonly line: DirectLine
  /** Starts one more node. */
  addMember(): Promise<Member>
  /** Clients over libp2p, each beginning with another node, and one over each gateway. */
  clients(libp2p: number): readonly NamedClient[]
  /** Ends every process and removes everything; idempotent. */
  stop(): Promise<void>
}

/** Starts nodes, each on a host of its own, and gateways. When that fails nothing is left behind. */
export const startTortureCluster = async (init: TortureClusterInit): Promise<TortureCluster> => {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'dbcluster-test-'))
  const reaper = startReaper(directory)
  const endings: (() => Promise<unknown>)[] = []
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= Promise.allSettled(endings.map((ending) => ending())).then(() => {
      for (const ref of processesIn(directory)) signalProcess(ref, 'SIGKILL')
      return reaper.reap()
    })
    return stopping
  }
  try {
    return await build(init, directory, { stop, onStop: (ending) => endings.push(ending) })
  } catch (error) {
    await stop()
    throw error
  }
}

interface Ending {
  readonly stop: () => Promise<void>
  readonly onStop: (ending: () => Promise<unknown>) => void
}

const build = async (
  init: TortureClusterInit,
  directory: string,
  { stop, onStop }: Ending,
): Promise<TortureCluster> => {
  const { machine } = init
  const own = createApiKey({ app: APP, scope: 'admin' })
  const members: Member[] = []
  const peers = (): readonly string[] => members.flatMap(({ node }) => node.multiaddrs)
  let next = 0
  const addMember = async (): Promise<Member> => {
    const index = next
    next += 1
    const host = await machine.addHost(`n${index}`)
    const dataDir = join(directory, `node-${index}`)
    const isSmall = machine.kind === 'namespaces' && index === init.nodes - 1
    const smallDiskBytes = SMALL_DISK_BYTES.least + init.minutes * SMALL_DISK_BYTES.perMinute
    if (isSmall) symlinkSync(await machine.smallDirectory(host.name, smallDiskBytes), dataDir)
    const founder = members[0]
    if (founder !== undefined) copyKeys(founder.node.dataDir, dataDir)
    const configFile = join(directory, `node-${index}.yaml`)
    const [control, http, raft] = await threeRanges()
    const text = nodeConfigText({
      dataDir,
      host: host.address,
      listenPort: control.start,
      http,
      raft,
      bootstrapPeers: peers(),
      apiKeys: [own.record],
      jwtSecret: undefined,
      jwt: [],
      rqlitedPath: process.env.DBCLUSTER_RQLITED,
    })
    writeFileSync(configFile, text)
    const { launcher } = host
    const startLimitMs = START_LIMIT_MS
    const node = new TestNode({ index, directory, dataDir, configFile, sets: init.sets, launcher, startLimitMs })
    await node.start()
    const member = new Member({ node, host, isSmall })
    members.push(member)
    members.sort((one, other) => one.node.index - other.node.index)
    return member
  }

  const founder = await addMember()
  await Promise.all(Array.from({ length: init.nodes - 1 }, addMember))
  const networkKeyFile = join(founder.node.dataDir, 'keys', 'network.key')
  const networkKey = readFileSync(networkKeyFile, 'utf8')
  const line = await openDirectLine({ networkKey: parseSwarmKey(networkKey), peers: peers(), credential: own.key })
  onStop(() => line.close())
  await settled(members, line)
  const gateways = await startGateways(init, { directory, networkKeyFile, bootstrapPeers: peers() })
  const keep = (via: string, client: Client): NamedClient => {
    onStop(() => client.close())
    return { via, client }
  }
  const libp2pClient = (at: number): NamedClient => {
    const bootstrapPeers = [...peers().slice(at), ...peers().slice(0, at)]
    return keep(`sdk-${at}`, createClient({ app: APP, bootstrapPeers, networkKey, apiKey: own.key }))
  }
  return {
    app: APP,
    key: own.key,
    directory,
    machine,
    members,
    gateways,
    line,
    addMember: async () => {
      const member = await addMember()
      line.meet(member.peerId, member.node.multiaddrs)
      return member
    },
    clients: (libp2p) => [
      ...Array.from({ length: libp2p }, (_, at) => libp2pClient(at)),
      ...gateways.map(({ url }, at) => keep(`gateway-${at}`, createClient({ url, apiKey: own.key }))),
    ],
    stop,
  }
}

/** Every node is admitted and sees every other one as healthy. */
const settled = async (members: readonly Member[], line: DirectLine): Promise<void> => {
  for (const { peerId, name } of members) {
    const knowsAll = async (): Promise<boolean> => {
      const { nodes } = await line.ask(peerId, { op: 'networkStatus' }, { timeoutMs: 5_000 })
      return nodes.filter(({ health }) => health === 'healthy').length === members.length
    }
    await eventually(`${name} knows ${members.length} nodes`, knowsAll, { limitMs: SETTLE_LIMIT_MS, everyMs: 200 })
  }
}

const startGateways = async (
  { machine, gateways: count }: TortureClusterInit,
  common: Pick<ConstructorParameters<typeof TestGateway>[0], 'directory' | 'networkKeyFile' | 'bootstrapPeers'>,
): Promise<readonly TestGateway[]> => {
  const gateways: TestGateway[] = []
  for (let index = 0; index < count; index += 1) {
    const { name, address: host, launcher } = await machine.addHost(`g${index}`)
    const [{ start: port }] = await threeRanges()
    const own = { name: `gateway-${name}`, host, launcher, port, sets: [], startLimitMs: START_LIMIT_MS }
    const gateway = new TestGateway({ ...common, ...own })
    await gateway.start()
    gateways.push(gateway)
  }
  return gateways
}

const threeRanges = async () => {
  const [one, two, three] = await findPortRanges(3, PORTS_PER_RANGE)
  if (one === undefined || two === undefined || three === undefined) throw new Error('no free ports')
  return [one, two, three] as const
}

const copyKeys = (from: string, to: string): void => {
  const keys = join(to, 'keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  for (const file of KEY_FILES) copyFileSync(join(from, 'keys', file), join(keys, file))
}
