import { createNetwork, parseSwarmKey } from '@dbcluster/network'
import type { Logger } from '@dbcluster/protocol'
import type { Transport } from '../transport.js'
import type { Libp2pTransportInit } from './init.js'
import { NodeTransport } from './transport.js'

const CONNECT_TIMEOUT_MS = 10_000

/**
 * A member of the private network that hosts nothing and asks the nodes directly.
 * @throws DbClusterError `KEY_INVALID` for a network key that is none, `CONFIG_INVALID` for peers that are none
 */
export const createLibp2pTransport = (init: Libp2pTransportInit): Transport => {
  const network = createNetwork({
    mode: 'client',
    networkKey: typeof init.networkKey === 'string' ? parseSwarmKey(init.networkKey) : init.networkKey,
    listenAddresses: [],
    bootstrapPeers: init.bootstrapPeers,
    ...(init.privateKey === undefined ? {} : { privateKey: init.privateKey }),
  })({ logger: init.logger ?? SILENT })
  return new NodeTransport(network, {
    bootstrapPeers: init.bootstrapPeers,
    connectTimeoutMs: init.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    random: Math.random,
  })
}

const nothing = (): void => undefined
const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }
