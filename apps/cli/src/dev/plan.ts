import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PortRange } from '@dbcluster/config'
import { DbClusterError } from '@dbcluster/protocol'
import { type ProcessIdentity, writeFileAtomic } from '@dbcluster/runtime'

/** One node of a development cluster: what stays the same from run to run. */
export interface PlannedNode {
  /** `node1`; the name of its directory, its configuration and its log. */
  readonly name: string
  readonly peerId: string
  /** TCP port for other nodes and applications, on loopback. */
  readonly port: number
  readonly httpPorts: PortRange
  readonly raftPorts: PortRange
  /** First ports of its blocks; held while the cluster runs, so that no other cluster takes the block. */
  readonly guardPorts: readonly number[]
}

/** An API key's record, as a configuration has it. */
export interface PlannedApiKey {
  readonly id: string
  readonly app: string
  readonly scope: string
  readonly hash: string
}

/** A development cluster, kept in its directory as `dev.json`. */
export interface Plan {
  readonly version: 1
  readonly app: string
  readonly apiKey: string
  readonly apiKeyRecord: PlannedApiKey
  readonly gatewayPort: number
  /** Whether the first node has founded the network: from then on every node knows all others. */
  readonly founded: boolean
  /** The gateway of the last run, to be ended should it have been left behind. */
  readonly gateway?: ProcessIdentity
  readonly nodes: readonly PlannedNode[]
}

/** Where a development cluster keeps what. */
export const clusterFiles = (directory: string) => ({
  plan: join(directory, 'dev.json'),
  cluster: join(directory, 'cluster.json'),
  example: join(directory, 'example.mjs'),
  keys: join(directory, 'keys'),
  logs: join(directory, 'logs'),
  gatewayConfig: join(directory, 'gateway.yaml'),
  nodeConfig: (name: string): string => join(directory, `${name}.yaml`),
  dataDir: (name: string): string => join(directory, name),
  log: (name: string): string => join(directory, 'logs', `${name}.log`),
})

/** The plan of an earlier run in this directory. @throws DbClusterError `CONFIG_INVALID` when it can't be read */
export const readPlan = async (directory: string): Promise<Plan | undefined> => {
  const file = clusterFiles(directory).plan
  try {
    const plan = JSON.parse(await readFile(file, 'utf8')) as Plan
    if (plan.version !== 1 || !Array.isArray(plan.nodes)) throw new TypeError('it is of another version')
    return plan
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DbClusterError('CONFIG_INVALID', `${file} is not the plan of a development cluster: ${String(cause)}`, {
      hint: 'use another --dir, or remove this one',
      cause,
    })
  }
}

/** Keeps a plan; it holds the API key, so it is for its owner alone. */
export const writePlan = (directory: string, plan: Plan): Promise<void> =>
  writeFileAtomic(clusterFiles(directory).plan, `${JSON.stringify(plan, undefined, 2)}\n`)

/** The address by which others reach a planned node. */
export const multiaddrOf = ({ port, peerId }: PlannedNode): string => `/ip4/127.0.0.1/tcp/${port}/p2p/${peerId}`
