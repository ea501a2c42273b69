import { readFile } from 'node:fs/promises'
import { createLibp2pTransport, type Transport } from '@dbcluster/client/libp2p'
import type { GatewayConfig } from '@dbcluster/config'
import { createGateway, createProcessRegistry, serveGateway } from '@dbcluster/gateway'
import { DbClusterError, isDbClusterError, type Logger } from '@dbcluster/protocol'
import { loadNetworkKey } from '@dbcluster/runtime'
import { VERSION } from './version.js'

/** A gateway that runs. */
export interface RunningGateway {
  readonly url: string
  /** HTTP first, so that requests under way still have nodes to go to. Idempotent. */
  stop(): Promise<void>
}

/** Builds the object graph of a gateway and starts it; nodes may come later. */
export const startGateway = async (config: GatewayConfig, logger: Logger): Promise<RunningGateway> => {
  const { gateway } = config
  const networkKey = await loadNetworkKey(gateway.networkKeyFile, logger)
  const transport = createLibp2pTransport({ bootstrapPeers: gateway.bootstrapPeers, networkKey, logger })
  const app = createGateway({
    bodyMaxBytes: gateway.maxBodyBytes,
    queryTimeoutMs: gateway.queryTimeoutMs,
    transactionTimeoutMs: gateway.transactionTimeoutMs,
    keyConcurrency: gateway.keyConcurrency,
    bufferedMaxBytes: gateway.bufferedMaxBytes,
    corsOrigins: gateway.corsOrigins,
    version: VERSION,
  })({ transport, logger, registry: createProcessRegistry() })
  const tls = gateway.tls === undefined ? {} : { tls: await readTls(gateway.tls) }
  const server = await serveGateway(app, { ...gateway.listen, maxConnections: gateway.maxConnections, ...tls })
  logger.info('Gateway is listening', { url: server.url })
  const connecting = keepConnecting(transport, logger)
  return {
    url: server.url,
    stop: async () => {
      await server.close()
      await transport.close()
      await connecting
    },
  }
}

/** @throws DbClusterError `CONFIG_INVALID` when one of the files can't be read */
const readTls = async ({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }) => {
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)])
  return { cert, key }
}

const readPem = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new DbClusterError('CONFIG_INVALID', `${file} cannot be read`, {
      hint: 'gateway.tls_cert_file and gateway.tls_key_file name PEM files that this process may read',
      cause,
    })
  })

/** Until the first node answers; from then on the network redials by itself. */
const keepConnecting = async (transport: Transport, logger: Logger): Promise<void> => {
  for (;;) {
    try {
      await transport.connect()
      return logger.info('Connected to the network')
    } catch (error) {
      if (!isDbClusterError(error) || error.code !== 'NODE_UNREACHABLE') {
        if (isDbClusterError(error) && error.code === 'CANCELLED') return
        return logger.error('The network could not be started', { error })
      }
      logger.warn('No node answers', { reason: error.message, hint: error.hint })
    }
  }
}
