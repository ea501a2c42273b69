import { join } from 'node:path'
import { OPERATOR_PURPOSE } from '@dbcluster/auth'
import type { NodeConfig } from '@dbcluster/config'
import { type Coordinator, createCoordinator } from '@dbcluster/coordinator'
import { openStore } from '@dbcluster/metadata'
import { createNetwork, type Network } from '@dbcluster/network'
import { createNetPortProbe, createPortAllocator } from '@dbcluster/ports'
import { CLIENT_PROTOCOL, type DbClusterError, FORWARD_PROTOCOL, type Logger, type NodeInfo } from '@dbcluster/protocol'
import { createQueryGates, createQueryService } from '@dbcluster/query'
import {
  createReplicaHost,
  createReplicaSecurity,
  createSpawnerHost,
  describeRqlited,
  findRqlited,
  type RqliteBinary,
} from '@dbcluster/rqlite'
import {
  createAuditLog,
  deriveKey,
  loadOrCreateIdentity,
  loadOrCreateKeys,
  lockDataDirectory,
  randomHex,
  readIdentity,
  systemClock,
  writeFileAtomic,
} from '@dbcluster/runtime'
import { createSqlPlanner } from '@dbcluster/sql'
import { createNodeAuthenticator } from './authenticator.js'
import { followRoster } from './follow-roster.js'
import { countingLogger } from './metrics/counting-logger.js'
import { nodeGauges } from './metrics/node-gauges.js'
import { createNodeMetrics } from './metrics/node-metrics.js'
import { serveMetrics } from './metrics/serve-metrics.js'
import { portSource } from './port-source.js'
import { keepQuarantinePurged, openWithRoom } from './purge-quarantine.js'
import { replicaSecrets } from './replica-secrets.js'
import { VERSION } from './version.js'

/** What a node is made of. */
export interface NodeInit {
  readonly config: NodeConfig
  readonly logger: Logger
  /** `PATH`, in which an rqlited is looked for. */
  readonly pathEnv: string | undefined
  readonly production: boolean
  /** Absolute path of the program that starts rqlited processes. */
  readonly spawnerProgram: string
  /** This node can do nothing more, and had better be started anew. */
  readonly onFatal: (error: DbClusterError) => void
}

/** One node: its processes, its part in the network, its query path. */
export interface Node {
  /** Answers what is under way, stops this node's rqlited processes, leaves. Nothing acknowledged is lost. Idempotent. */
  stop(): Promise<void>
}

/** How one part of a node ends. */
type Cleanup = () => unknown

/**
 * Builds one node from its configuration and starts it.
 * @throws DbClusterError `DATA_DIR_LOCKED`, `KEY_MISSING`, `KEY_INVALID`, `RQLITED_NOT_FOUND`, `RQLITED_REFUSED`,
 * `STORE_CORRUPT`, `STORE_WRITE_FAILED`, `LISTEN_FAILED`
 */
export const startNode = async (init: NodeInit): Promise<Node> => {
  const cleanups: Cleanup[] = []
  const stop = async (): Promise<void> => {
    for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) await cleanup()
  }
  try {
    await build(init, (cleanup) => {
      cleanups.push(cleanup)
    })
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The object graph, bottom up; each part says how it ends, and they end in reverse. */
const build = async (init: NodeInit, onStop: (cleanup: Cleanup) => void): Promise<void> => {
  const { config, spawnerProgram } = init
  const metrics = createNodeMetrics()
  const logger = countingLogger(init.logger, metrics)
  // First of all, while this process is small.
  const processes = createSpawnerHost({ program: spawnerProgram })
  processes.start()
  onStop(() => processes.close())
  const { dataDir, advertiseAddress } = config.node
  const lock = await lockDataDirectory(dataDir)
  onStop(() => lock.release())
  const identityFile = join(dataDir, 'keys', 'identity.key')
  const known = await readIdentity(identityFile, logger)
  const isOwn = (peer: string, peerId: string | undefined): boolean =>
    peerId !== undefined && peer.endsWith(`/p2p/${peerId}`)
  const keys = await loadOrCreateKeys({
    networkKeyFile: config.network.keyFile,
    clusterKeyFile: config.network.clusterKeyFile,
    bootstrapPeers: config.discovery.bootstrapPeers.filter((peer) => !isOwn(peer, known?.peerId)),
    firstStart: known === undefined,
    logger,
  })
  // Made after the keys: a first start that lacks them leaves nothing behind that makes the next look like a second.
  const identity = await loadOrCreateIdentity(identityFile, logger)
  const others = config.discovery.bootstrapPeers.filter((peer) => !isOwn(peer, identity.peerId))
  const binary = await findBinary(init)
  const retentionMs = config.database.quarantineRetentionMs
  const store = await openWithRoom(() => openStore(join(dataDir, 'metadata')), dataDir, { retentionMs, logger })
  onStop(() => store.close())
  logger.info('Starting cluster manager', { node_id: identity.peerId, max_databases: config.database.maxDatabases })

  const network = createNetwork({
    mode: 'node',
    privateKey: identity.privateKey,
    networkKey: keys.networkKey,
    acceptedNetworkKeys: keys.acceptedNetworkKeys,
    memberKeys: [keys.clusterKey, ...keys.acceptedClusterKeys].map((key) => deriveKey(key, 'dbcluster/members/1', 32)),
    listenAddresses: config.node.listenAddresses,
    bootstrapPeers: others,
    maxConnections: config.node.maxConnections,
    discoveryIntervalMs: config.discovery.discoveryIntervalMs,
    healthCheckIntervalMs: config.discovery.healthCheckIntervalMs,
  })({ logger })
  const ports = createPortAllocator({ http: config.database.httpPorts, raft: config.database.raftPorts })({
    probeHttp: createNetPortProbe('127.0.0.1'),
    probeRaft: createNetPortProbe(advertiseAddress),
    random: Math.random,
    nowMs: systemClock.nowMs,
  })
  const replicas = createReplicaHost({ dataDir, binary, timing: config.rqlite.timing })({
    logger,
    ports,
    security: createReplicaSecurity(replicaSecrets(keys)),
    processes,
  })
  onStop(() => replicas.stopAll())
  onStop(keepQuarantinePurged(dataDir, { retentionMs, logger }))
  const gates = createQueryGates(replicas)
  const coordinator = createCoordinator({
    replicationFactor: config.database.replicationFactor,
    foreignKeys: config.database.foreignKeys,
    maxDatabases: config.database.maxDatabases,
    rqliteMajor: binary.major,
    creationTimeoutMs: config.database.creationTimeoutMs,
    antiEntropyMs: config.discovery.antiEntropyIntervalMs,
    healthCheckIntervalMs: config.discovery.healthCheckIntervalMs,
    replacementGraceMs: config.database.replacementGraceMs,
    replacementsAtOnce: config.database.replacementsAtOnce,
    hibernationTimeoutMs: config.database.hibernationTimeoutMs,
  })({
    store,
    messenger: network,
    ports: portSource(ports, advertiseAddress),
    replicas,
    gates,
    clock: systemClock,
    logger,
    randomHex,
    incarnation: store.incarnation,
    describeSelf: () => describeSelf(config, network, binary),
    onStoreFailed: init.onFatal,
  })
  const audit = createAuditLog({ logger, ...config.audit })
  onStop(() => audit.close())
  const query = createQueryService({
    coordinator,
    network,
    replicas,
    gates,
    authenticator: await createNodeAuthenticator({
      auth: config.auth,
      findKey: (id) => coordinator.key(id),
      operatorSecrets: [keys.clusterKey, ...keys.acceptedClusterKeys].map((key) =>
        deriveKey(key, OPERATOR_PURPOSE, 32),
      ),
      logger,
    }),
    planner: createSqlPlanner({
      sqlMaxBytes: config.sql.statementMaxBytes,
      parametersMax: config.sql.parametersMax,
    }),
    limits: config.sql,
    logger,
    nowMs: Date.now,
    admission: config.limits,
    audit,
  })
  serveQueries(network, coordinator, query)
  await coordinator.start({ founder: others.length === 0 })
  onStop(() => coordinator.stop())
  await network.start()
  onStop(() => network.stop())
  onStop(() => query.drain())
  onStop(() => coordinator.stopOffering())
  onStop(followRoster(coordinator, network))
  metrics.watch(nodeGauges(coordinator, network))
  if (config.metrics.listen !== undefined) onStop(await serveMetrics(metrics.registry, config.metrics.listen))
  coordinator.refreshSelf()
  const announcement = { peer_id: identity.peerId, pid: process.pid, multiaddrs: network.multiaddrs() }
  await writeFileAtomic(join(dataDir, 'node.json'), `${JSON.stringify(announcement, undefined, 2)}\n`)
  logger.info('Node is ready', { peer_id: identity.peerId, multiaddrs: network.multiaddrs() })
}

const findBinary = async ({ config, logger, pathEnv, production }: NodeInit): Promise<RqliteBinary> => {
  const found = await findRqlited({
    configuredPath: config.rqlite.path,
    pathEnv,
    production,
    allowEmbedded: config.rqlite.allowEmbedded,
  })
  const binary = await describeRqlited(found)
  if (found.source === 'embedded') {
    logger.warn('Running the embedded rqlited, meant for development', {
      version: binary.version,
      advice: 'install rqlite 10 and set rqlite.path for production',
    })
  }
  if (!binary.capabilities.checksRaftClients) {
    logger.warn('This rqlited does not check who connects to its Raft port, against what it says', {
      version: binary.version,
      advice: 'let only the other nodes reach the Raft ports, or use rqlite 8.43.3 or newer',
    })
  }
  return binary
}

const describeSelf = (config: NodeConfig, network: Network, binary: RqliteBinary): NodeInfo => ({
  multiaddrs: [...network.multiaddrs()],
  maxDatabases: config.database.maxDatabases,
  databases: 0,
  rqliteVersion: binary.version,
  rqliteMajor: binary.major,
  version: VERSION,
})

/** Applications bring a credential; what comes by the other protocol was vouched for by a member of the roster. */
const serveQueries = (
  network: Network,
  coordinator: Coordinator,
  query: ReturnType<typeof createQueryService>,
): void => {
  network.handle(CLIENT_PROTOCOL, (incoming) => query.handleClient(incoming), { audience: 'everyone' })
  network.handle(FORWARD_PROTOCOL, (incoming) => query.handleForward(incoming), {
    allow: (peerId) => coordinator.roster?.members.some((member) => member.peerId === peerId) ?? false,
  })
}
