import { join } from 'node:path'
import { createApiKey } from '@dbcluster/auth'
import { formatSwarmKey } from '@dbcluster/network'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { createFileExclusive, formatClusterKey, loadOrCreateIdentity, loadOrCreateKeys } from '@dbcluster/runtime'
import { clusterFiles, type Plan, type PlannedNode, readPlan, writePlan } from './plan.js'
import {
  BLOCK_PORTS,
  type ChosenBlocks,
  choosePortBlocks,
  holdGuards,
  joinGuards,
  type PortBlocks,
  type PortGuards,
} from './port-blocks.js'

/** Nodes when nobody says how many. */
export const DEFAULT_NODES = 3

/** More than one machine can use for development. */
export const NODES_MAX = 15

/** The app that the development cluster's API key speaks for. */
const APP = 'demo'

/** Each node's databases get at least this many HTTP and as many Raft ports. */
const RANGE_MIN_PORTS = 200

/** Ports at the start of a block that are not the databases': guard, node, gateway, and some to spare. */
const HEAD_PORTS = 20

/** What a cluster is wanted to be. */
export interface PlanInit {
  readonly directory: string
  /** @default that of the earlier run, else 3 */
  readonly nodes?: number | undefined
  /** @default that of the earlier run, else a free one */
  readonly gatewayPort?: number | undefined
  /** `database.max_databases` of each node; its port ranges are twice as large. */
  readonly maxDatabases: number
  readonly logger: Logger
}

/** A plan whose ports no other cluster can choose until `guards` are released. */
export interface HeldPlan {
  readonly plan: Plan
  readonly guards: PortGuards
}

/**
 * The plan of this directory's cluster: the earlier run's, extended where more nodes are wanted, or a new one. Makes
 * keys and identities.
 * @throws DbClusterError `CONFIG_INVALID`, `PORTS_EXHAUSTED`, `KEY_INVALID`
 */
export const makePlan = async (init: PlanInit): Promise<HeldPlan> => {
  const { directory, logger } = init
  const earlier = await readPlan(directory)
  const before = earlier?.nodes ?? []
  const count = init.nodes ?? (before.length > 0 ? before.length : DEFAULT_NODES)
  if (count < before.length)
    throw new DbClusterError(
      'CONFIG_INVALID',
      `the cluster in ${directory} has ${before.length} nodes, --nodes is ${count}`,
      {
        hint: `leave --nodes out, or give ${before.length} or more; a node can't be taken away like this`,
      },
    )
  const held = await holdGuards(before.flatMap(({ guardPorts }) => guardPorts))
  const { blocks, guards } = await addBlocks(init, before, count - before.length)
  const added = await Promise.all(blocks.map((block, at) => addNode(init, `node${before.length + at + 1}`, block)))
  const nodes = [...before, ...added]
  const { key, record } = earlier === undefined ? createApiKey({ app: APP, scope: 'admin' }) : keyOf(earlier)
  const plan: Plan = {
    version: 1,
    app: APP,
    apiKey: key,
    apiKeyRecord: record,
    gatewayPort: init.gatewayPort ?? earlier?.gatewayPort ?? (nodes[0]?.port ?? 0) + 1,
    founded: earlier?.founded ?? false,
    nodes,
  }
  await shareKeys(directory, nodes, logger)
  await writePlan(directory, plan)
  return { plan, guards: joinGuards([held, guards]) }
}

const keyOf = ({ apiKey, apiKeyRecord }: Plan) => ({ key: apiKey, record: apiKeyRecord })

const rangeOf = (maxDatabases: number): number => Math.max(RANGE_MIN_PORTS, 2 * maxDatabases)

const addBlocks = (
  { maxDatabases }: PlanInit,
  before: readonly PlannedNode[],
  count: number,
): Promise<ChosenBlocks> => {
  const used = new Set(before.flatMap(({ guardPorts }) => guardPorts))
  const blocksEach = Math.ceil((HEAD_PORTS + 2 * rangeOf(maxDatabases)) / BLOCK_PORTS)
  return choosePortBlocks(count, blocksEach, used)
}

const addNode = async (
  { directory, maxDatabases, logger }: PlanInit,
  name: string,
  { start, guardPorts }: PortBlocks,
): Promise<PlannedNode> => {
  const file = join(clusterFiles(directory).dataDir(name), 'keys', 'identity.key')
  const { peerId } = await loadOrCreateIdentity(file, logger)
  const http = start + HEAD_PORTS
  const raft = http + rangeOf(maxDatabases)
  return {
    name,
    peerId,
    port: start + 1,
    httpPorts: { start: http, end: raft - 1 },
    raftPorts: { start: raft, end: raft + rangeOf(maxDatabases) - 1 },
    guardPorts,
  }
}

/** One pair of keys for the cluster; each node has a copy of its own, as on machines of their own. */
const shareKeys = async (directory: string, nodes: readonly PlannedNode[], logger: Logger): Promise<void> => {
  const files = clusterFiles(directory)
  const [networkKeyFile, clusterKeyFile] = [join(files.keys, 'network.key'), join(files.keys, 'cluster.key')]
  const quiet = { ...logger, info: () => undefined }
  const keys = await loadOrCreateKeys({
    networkKeyFile,
    clusterKeyFile,
    bootstrapPeers: [],
    firstStart: true,
    logger: quiet,
  })
  for (const { name } of nodes) {
    const copy = (key: string): string => join(files.dataDir(name), 'keys', key)
    await createFileExclusive(copy('network.key'), formatSwarmKey(keys.networkKey))
    await createFileExclusive(copy('cluster.key'), formatClusterKey(keys.clusterKey))
  }
}
