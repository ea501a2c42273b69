import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { type HostPort, isLoopback, isPlaceholderPeer, parseHostPort, parseMultiaddr } from './addresses.js'
import { toBytes } from './bytes.js'
import { checkNodeFile } from './check-node-file.js'
import { parseDuration } from './duration.js'
import { type ConfigSources, loadFile } from './load-file.js'
import { GatewayFileSchema } from './schema/gateway-schema.js'
import type { LogFormat, LogLevel } from './schema/log.js'
import { type NodeFile, NodeFileSchema, type Timing } from './schema/node-schema.js'

/** Ports from `start` to `end`, both included. */
export interface PortRange {
  readonly start: number
  readonly end: number
}

/** An API key as the configuration has it: hashed. */
export interface ApiKeyConfig {
  readonly id: string
  readonly app: string
  readonly scope: 'read' | 'write' | 'admin'
  readonly hash: string
  /** The only databases of the app that the key may touch; absent means all. */
  readonly databases?: readonly string[]
  /** Whether a missing database is created for it; absent means unless the scope is `read`. */
  readonly mayCreate?: boolean
}

/** An issuer of JWTs: exactly one of `key` (the text itself), `keyFile` (absolute) and `jwks` is set. */
export interface JwtConfig {
  readonly algorithm: 'EdDSA' | 'RS256' | 'HS256'
  readonly key: string | undefined
  readonly keyFile: string | undefined
  /** A URL, or an absolute path. */
  readonly jwks: string | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

/** What a program logs. */
export interface LogConfig {
  readonly level: LogLevel
  readonly format: LogFormat
}

/** A node's configuration after defaults and checks: paths are absolute, durations in milliseconds. */
export interface NodeConfig {
  readonly node: {
    readonly dataDir: string
    readonly listenAddresses: readonly string[]
    /** Host by which other nodes reach this one's Raft ports. */
    readonly advertiseAddress: string
    readonly maxConnections: number
  }
  readonly database: {
    readonly replicationFactor: number
    /** 0 = this node never votes for sleep. */
    readonly hibernationTimeoutMs: number
    readonly maxDatabases: number
    readonly httpPorts: PortRange
    readonly raftPorts: PortRange
    readonly foreignKeys: boolean
    readonly creationTimeoutMs: number
    readonly replacementGraceMs: number
    readonly replacementsAtOnce: number
    readonly quarantineRetentionMs: number
  }
  readonly discovery: {
    /** Without placeholders. */
    readonly bootstrapPeers: readonly string[]
    readonly discoveryIntervalMs: number
    readonly healthCheckIntervalMs: number
    readonly antiEntropyIntervalMs: number
  }
  readonly network: { readonly keyFile: string; readonly clusterKeyFile: string }
  readonly rqlite: { readonly path: string | undefined; readonly allowEmbedded: boolean; readonly timing: Timing }
  /** Bounds of one request of an application. */
  readonly sql: {
    readonly statementMaxBytes: number
    readonly parametersMax: number
    readonly statementsMax: number
    readonly resultRowsMax: number
    readonly resultBytesMax: number
  }
  readonly auth: {
    readonly apiKeys: readonly ApiKeyConfig[]
    readonly jwt: readonly JwtConfig[]
    readonly clockToleranceMs: number
  }
  /** 0 stands for any number. */
  readonly limits: {
    readonly keyRatePerSecond: number
    readonly keyConcurrency: number
    readonly databaseRatePerSecond: number
    readonly databaseConcurrency: number
    readonly databasesPerApp: number
  }
  readonly audit: { readonly file: string | undefined; readonly fileMaxBytes: number; readonly filesMax: number }
  readonly metrics: { readonly listen: HostPort | undefined }
  readonly log: LogConfig
}

/** A configuration and what its reader should know about it. */
export interface Loaded<T> {
  readonly config: T
  /** One line each, with place and key. */
  readonly warnings: readonly string[]
}

/** {@link ConfigSources} of a node. */
export interface NodeConfigSources extends ConfigSources {
  /** This machine's external IPv4 addresses, best first. @default those of its network interfaces */
  readonly externalAddresses?: readonly string[] | undefined
}

/**
 * Reads a node's configuration.
 * @throws DbClusterError `CONFIG_INVALID` with every fault, in its message for people and in `details.faults` as data
 */
export const loadNodeConfig = (sources: NodeConfigSources): Loaded<NodeConfig> => {
  const program = { name: 'node', schema: NodeFileSchema, others: [GatewayFileSchema], check: checkNodeFile }
  const { file, warnings } = loadFile(program, sources)
  return { config: toNodeConfig(file, sources), warnings }
}

/** Milliseconds of a duration that the schema has let through. */
export const toMilliseconds = (value: string | 0): number => parseDuration(String(value)) ?? 0

const toNodeConfig = (file: NodeFile, sources: NodeConfigSources): NodeConfig => {
  const absolute = (path: string): string => resolve(sources.directory, path)
  const optional = (path: string | undefined): string | undefined => (path === undefined ? undefined : absolute(path))
  const { node, database, discovery, network, rqlite, sql, auth, limits, audit, metrics, log } = file
  const dataDir = absolute(node.data_dir)
  const hosts = node.listen_addresses.map((address) => parseMultiaddr(address)?.host ?? '')
  const externalAddresses = sources.externalAddresses ?? findExternalAddresses()
  return {
    node: {
      dataDir,
      listenAddresses: node.listen_addresses,
      advertiseAddress: node.advertise_address ?? chooseAdvertised(hosts, externalAddresses),
      maxConnections: node.max_connections,
    },
    database: {
      replicationFactor: database.replication_factor,
      hibernationTimeoutMs: toMilliseconds(database.hibernation_timeout),
      maxDatabases: database.max_databases,
      httpPorts: { start: database.port_range_http_start, end: database.port_range_http_end },
      raftPorts: { start: database.port_range_raft_start, end: database.port_range_raft_end },
      foreignKeys: database.foreign_keys,
      creationTimeoutMs: toMilliseconds(database.creation_timeout),
      replacementGraceMs: toMilliseconds(database.replacement_grace),
      replacementsAtOnce: database.replacements_at_once,
      quarantineRetentionMs: toMilliseconds(database.quarantine_retention),
    },
    discovery: {
      bootstrapPeers: discovery.bootstrap_peers.filter((peer) => !isPlaceholderPeer(peer)),
      discoveryIntervalMs: toMilliseconds(discovery.discovery_interval),
      healthCheckIntervalMs: toMilliseconds(discovery.health_check_interval),
      antiEntropyIntervalMs: toMilliseconds(discovery.anti_entropy_interval),
    },
    network: {
      keyFile: optional(network.key_file) ?? join(dataDir, 'keys', 'network.key'),
      clusterKeyFile: optional(network.cluster_key_file) ?? join(dataDir, 'keys', 'cluster.key'),
    },
    rqlite: {
      path: optional(rqlite.path),
      allowEmbedded: rqlite.allow_embedded,
      timing: rqlite.timing ?? (hosts.every(isLoopback) ? 'local' : 'lan'),
    },
    sql: {
      statementMaxBytes: toBytes(sql.max_statement_size),
      parametersMax: sql.max_parameters,
      statementsMax: sql.max_statements,
      resultRowsMax: sql.max_result_rows,
      resultBytesMax: toBytes(sql.max_result_size),
    },
    auth: {
      apiKeys: auth.api_keys.map(({ may_create, ...key }) => ({
        ...key,
        ...(may_create === undefined ? {} : { mayCreate: may_create }),
      })),
      clockToleranceMs: toMilliseconds(auth.clock_tolerance),
      jwt: auth.jwt.map(({ algorithm, key, key_file, jwks, issuer, audience }) => ({
        algorithm,
        key,
        keyFile: optional(key_file),
        jwks: jwks === undefined || isUrl(jwks) ? jwks : absolute(jwks),
        issuer,
        audience,
      })),
    },
    limits: {
      keyRatePerSecond: limits.requests_per_second,
      keyConcurrency: limits.concurrent_requests,
      databaseRatePerSecond: limits.database_requests_per_second,
      databaseConcurrency: limits.database_concurrent_requests,
      databasesPerApp: limits.databases_per_app,
    },
    audit: { file: optional(audit.file), fileMaxBytes: toBytes(audit.max_size), filesMax: audit.max_files },
    metrics: { listen: metrics.listen === undefined ? undefined : parseHostPort(metrics.listen) },
    log,
  }
}

const isUrl = (text: string): boolean => /^https?:/.test(text)

/** Where no address is configured: one that others can reach if this node listens on any, else loopback. */
const chooseAdvertised = (hosts: readonly string[], externalAddresses: readonly string[]): string => {
  const host = hosts.find((candidate) => !isLoopback(candidate)) ?? hosts[0] ?? '127.0.0.1'
  const isWildcard = host === '0.0.0.0' || host === '::'
  return isWildcard ? (externalAddresses[0] ?? '127.0.0.1') : host
}

const findExternalAddresses = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
