import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { type DataDirectoryLock, lockDataDirectory, writeFileAtomic } from '@dbcluster/runtime'
import { childEnvironment } from './child-environment.js'
import { endDataDirectory } from './leftovers.js'
import { makePlan } from './make-plan.js'
import { clusterFiles, type Plan, type PlannedNode, readPlan, writePlan } from './plan.js'
import type { PortGuards } from './port-blocks.js'
import { type Child, endProcess, lastLines, startChild } from './processes.js'
import { areHealthy, isOk, type NodeAnnouncement, readAnnouncement, SHOWN_LINES, waitUntil } from './wait.js'
import { checkSets, writeConfigs } from './write-configs.js'

/** From the start of a node's process until it listens; more than twice what a busy two-core machine needs. */
const NODE_READY_MS = 60_000

/** From the start of the gateway until it sees every node. */
const NETWORK_READY_MS = 60_000

/** What a gateway gets to answer what is under way. */
const GATEWAY_GRACE_MS = 10_000

/** What a node gets to stop its databases. */
const NODE_GRACE_MS = 30_000

/** The built scripts of the two programs, absolute. */
export interface Programs {
  readonly node: string
  readonly gateway: string
}

/** Settings of a development cluster. */
export interface DevClusterInit {
  /** Absolute. */
  readonly directory: string
  readonly nodes?: number | undefined
  readonly gatewayPort?: number | undefined
  readonly sets: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly programs: Programs
}

/** What a development cluster tells of itself while it runs. */
export interface DevClusterComponents {
  readonly logger: Logger
  /** One line of progress. */
  readonly say: (text: string) => void
}

/** `cluster.json`, for tools and tests. */
export interface ClusterFile {
  readonly gateway: { readonly url: string; readonly pid: number }
  readonly app: string
  readonly api_key: string
  readonly nodes: readonly (NodeAnnouncement & { readonly data_dir: string; readonly config_file: string })[]
}

/** Nodes and a gateway as processes of this machine. */
export interface DevCluster {
  /** Starts everything and waits until a database can be made. @throws DbClusterError */
  start(): Promise<ClusterFile>
  /** Ends everything in order, the gateway first; also what others have started in its directories. Idempotent. */
  stop(): Promise<void>
  /** Ends everything at once. */
  kill(): Promise<void>
}

/** A development cluster in a directory: new, or the same as in an earlier run there. */
export const createDevCluster =
  (init: DevClusterInit) =>
  (components: DevClusterComponents): DevCluster =>
    new ProcessCluster(init, components)

class ProcessCluster implements DevCluster {
  readonly #init: DevClusterInit
  readonly #components: DevClusterComponents
  readonly #files: ReturnType<typeof clusterFiles>
  readonly #abort = new AbortController()
  readonly #children: Child[] = []
  #lock: DataDirectoryLock | undefined
  #guards: PortGuards | undefined
  #starting: Promise<ClusterFile> | undefined
  #stopped: Promise<void> | undefined

  constructor(init: DevClusterInit, components: DevClusterComponents) {
    this.#init = init
    this.#components = components
    this.#files = clusterFiles(init.directory)
  }

  start(): Promise<ClusterFile> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end(GATEWAY_GRACE_MS, NODE_GRACE_MS)
    return this.#stopped
  }

  kill(): Promise<void> {
    return this.#end(0, 0)
  }

  async #start(): Promise<ClusterFile> {
    const { directory, sets, nodes, gatewayPort } = this.#init
    const { say, logger } = this.#components
    const maxDatabases = checkSets(sets)
    await mkdir(this.#files.logs, { recursive: true, mode: 0o700 })
    this.#lock = await lockDataDirectory(directory)
    await rm(this.#files.cluster, { force: true })
    const earlier = await readPlan(directory)
    if (earlier !== undefined) await this.#clean(earlier)
    const { plan, guards } = await makePlan({ directory, nodes, gatewayPort, maxDatabases, logger })
    this.#guards = guards
    const { gateway } = await writeConfigs(directory, plan, sets)
    if (guards.taken.length > 0)
      say(`note: another program listens on ${guards.taken.join(', ')}, within the ports of this cluster`)

    say(`starting ${plan.nodes.length} nodes and a gateway`)
    const announcements = await this.#startNodes(plan)
    const { host, port } = gateway.gateway.listen
    const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
    const { pid, startTime } = await this.#startGateway(plan, url)
    // From the next start on every node knows all others, so that none needs the founder to find them.
    const founded = { ...plan, founded: true, gateway: { pid, startTime } }
    await writePlan(directory, founded)
    await writeConfigs(directory, founded, sets)
    const cluster = this.#describe(plan, announcements, { url, pid })
    await writeFileAtomic(this.#files.cluster, `${JSON.stringify(cluster, undefined, 2)}\n`)
    for (const child of this.#children) this.#watch(child)
    return cluster
  }

  /** Ends what an earlier run has left, one that was killed: its processes hold ports and directories. */
  async #clean({ gateway, nodes }: Plan): Promise<void> {
    if (gateway !== undefined) await endProcess(gateway, GATEWAY_GRACE_MS)
    const left = await Promise.all(nodes.map(({ name }) => endDataDirectory(this.#files.dataDir(name), NODE_GRACE_MS)))
    const count = left.reduce((sum, each) => sum + each, 0)
    if (count > 0) this.#components.say(`ended ${count} processes that an earlier run had left`)
  }

  /** The founder of a new network first, everybody else at once. */
  async #startNodes(plan: Plan): Promise<readonly NodeAnnouncement[]> {
    const founders = plan.founded ? [] : plan.nodes.slice(0, 1)
    const others = plan.nodes.slice(founders.length)
    const start = (nodes: readonly PlannedNode[]) => Promise.all(nodes.map((node) => this.#startNode(node)))
    return [...(await start(founders)), ...(await start(others))]
  }

  async #startNode({ name }: PlannedNode): Promise<NodeAnnouncement> {
    const child = await this.#spawn(name, this.#init.programs.node, this.#files.nodeConfig(name))
    const file = join(this.#files.dataDir(name), 'node.json')
    const wait = { what: `${name} is ready`, needs: [child], timeoutMs: NODE_READY_MS, signal: this.#abort.signal }
    const announcement = await waitUntil(wait, () => readAnnouncement(file, child.pid))
    this.#components.say(`  ${name} is ready`)
    return announcement
  }

  async #startGateway(plan: Plan, url: string): Promise<Child> {
    const child = await this.#spawn('gateway', this.#init.programs.gateway, this.#files.gatewayConfig)
    await writePlan(this.#init.directory, { ...plan, gateway: { pid: child.pid, startTime: child.startTime } })
    const wait = { needs: this.#children, timeoutMs: NETWORK_READY_MS, signal: this.#abort.signal }
    await waitUntil({ ...wait, what: `the gateway answers at ${url}/readyz` }, () => isOk(`${url}/readyz`))
    this.#components.say('  the gateway is ready')
    const what = `the gateway sees ${plan.nodes.length} healthy nodes`
    await waitUntil({ ...wait, what }, () => areHealthy(url, plan.apiKey, plan.nodes.length))
    return child
  }

  async #spawn(name: string, program: string, config: string): Promise<Child> {
    this.#abort.signal.throwIfAborted()
    const { directory, env } = this.#init
    const args = [program, '--config', config]
    const child = await startChild({
      name,
      args,
      directory,
      env: childEnvironment(env),
      logFile: this.#files.log(name),
    })
    this.#children.push(child)
    return child
  }

  #describe(plan: Plan, announcements: readonly NodeAnnouncement[], gateway: ClusterFile['gateway']): ClusterFile {
    const nodes = plan.nodes.map(({ name, peerId }, at) => ({
      peer_id: peerId,
      pid: announcements[at]?.pid ?? 0,
      data_dir: this.#files.dataDir(name),
      config_file: this.#files.nodeConfig(name),
      multiaddrs: announcements[at]?.multiaddrs ?? [],
    }))
    return { gateway, app: plan.app, api_key: plan.apiKey, nodes }
  }

  /** Tells of a process that ends before it should. */
  #watch(child: Child): void {
    const tell = async (how: string): Promise<void> => {
      if (this.#abort.signal.aborted) return
      const { say } = this.#components
      say(`${child.name} ended unexpectedly (${how}); the last lines of ${child.logFile}:`)
      for (const line of await lastLines(child.logFile, SHOWN_LINES)) say(`  ${line}`)
    }
    void child.ended.then(tell)
  }

  async #end(gatewayGraceMs: number, nodeGraceMs: number): Promise<void> {
    this.#abort.abort(new DbClusterError('SHUTTING_DOWN', 'the cluster was stopped while it started'))
    // A start that is under way notices and starts nothing more.
    await this.#starting?.catch(() => undefined)
    // Without the lock these directories are another's.
    if (this.#lock === undefined) return
    const [gateways, nodes] = [
      this.#children.filter(({ name }) => name === 'gateway'),
      this.#children.filter(({ name }) => name !== 'gateway'),
    ]
    await Promise.all(gateways.map((child) => endProcess(child, gatewayGraceMs)))
    await Promise.all(nodes.map((child) => endProcess(child, nodeGraceMs)))
    // A node may have been started anew by hand, and one that was killed has left its rqliteds.
    const plan = await readPlan(this.#init.directory).catch(() => undefined)
    const dataDirs = (plan?.nodes ?? []).map(({ name }) => this.#files.dataDir(name))
    await Promise.all(dataDirs.map((dataDir) => endDataDirectory(dataDir, nodeGraceMs)))
    await rm(this.#files.cluster, { force: true })
    await this.#guards?.release()
    await this.#lock.release()
    this.#lock = undefined
  }
}
