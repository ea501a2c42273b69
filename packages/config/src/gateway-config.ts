import { resolve } from 'node:path'
import { type HostPort, isPlaceholderPeer, parseHostPort } from './addresses.js'
import { toBytes } from './bytes.js'
import { checkPeers } from './check-node-file.js'
import { type ConfigSources, loadFile, type Reporter } from './load-file.js'
import { type Loaded, type LogConfig, toMilliseconds } from './node-config.js'
import { type GatewayFile, GatewayFileSchema } from './schema/gateway-schema.js'
import { NodeFileSchema } from './schema/node-schema.js'

/** A gateway's configuration after defaults and checks: paths are absolute, durations in milliseconds. */
export interface GatewayConfig {
  readonly gateway: {
    readonly listen: HostPort
    /** Without placeholders; may be empty, then the gateway never becomes ready. */
    readonly bootstrapPeers: readonly string[]
    readonly networkKeyFile: string
    readonly maxBodyBytes: number
    readonly maxConnections: number
    /** Requests of one credential under way at once. */
    readonly keyConcurrency: number
    /** Bodies and unread answers, all together. */
    readonly bufferedMaxBytes: number
    /** Absolute paths; absent: plain HTTP. */
    readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
    readonly queryTimeoutMs: number
    readonly transactionTimeoutMs: number
    /** `*` stands for any. */
    readonly corsOrigins: readonly string[]
  }
  readonly log: LogConfig
}

/**
 * Reads a gateway's configuration.
 * @throws DbClusterError `CONFIG_INVALID` with every fault, in its message for people and in `details.faults` as data
 */
export const loadGatewayConfig = (sources: ConfigSources): Loaded<GatewayConfig> => {
  const program = { name: 'gateway', schema: GatewayFileSchema, others: [NodeFileSchema], check: checkGatewayFile }
  const { file, warnings } = loadFile(program, sources)
  const { gateway, log } = file
  const config = {
    gateway: {
      listen: parseHostPort(gateway.listen) ?? { host: '0.0.0.0', port: 8080 },
      bootstrapPeers: gateway.bootstrap_peers.filter((peer) => !isPlaceholderPeer(peer)),
      networkKeyFile: resolve(sources.directory, gateway.network_key_file),
      maxBodyBytes: toBytes(gateway.max_body),
      maxConnections: gateway.max_connections,
      keyConcurrency: gateway.concurrent_requests,
      bufferedMaxBytes: toBytes(gateway.max_buffered),
      tls:
        gateway.tls_cert_file === undefined || gateway.tls_key_file === undefined
          ? undefined
          : {
              certFile: resolve(sources.directory, gateway.tls_cert_file),
              keyFile: resolve(sources.directory, gateway.tls_key_file),
            },
      queryTimeoutMs: toMilliseconds(gateway.query_timeout),
      transactionTimeoutMs: toMilliseconds(gateway.transaction_timeout),
      corsOrigins: gateway.cors_origins,
    },
    log,
  }
  return { config, warnings }
}

const checkGatewayFile = ({ gateway }: GatewayFile, reporter: Reporter): void => {
  const path = ['gateway', 'bootstrap_peers']
  for (const [one, other] of [
    ['tls_cert_file', 'tls_key_file'],
    ['tls_key_file', 'tls_cert_file'],
  ] as const) {
    if (gateway[one] === undefined || gateway[other] !== undefined) continue
    reporter.fault('MISSING_KEY', [['gateway', one]], `found ${one} without ${other}, expected both or neither`)
  }
  checkPeers(gateway.bootstrap_peers, path, reporter)
  if (gateway.bootstrap_peers.every(isPlaceholderPeer))
    reporter.warn(
      [path],
      'there is no node to connect to, so /readyz will not become ready; put the multiaddr of a node here',
    )
}
