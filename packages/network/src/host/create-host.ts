import type { Logger } from '@dbcluster/protocol'
import type { ConnectionGater } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import type { Libp2pOptions } from 'libp2p'
import { BOUNDS } from '../bounds.js'
import type { NetworkComponents, NetworkConfig } from '../config.js'
import { createMismatchLog } from '../pnet/mismatch-log.js'
import { privateNetwork } from '../pnet/private-network.js'
import { BoundedDatastore } from './bounded-datastore.js'
import { boundedMuxer } from './bounded-muxer.js'

/** libp2p's options for either mode, without services. */
export const hostOptions = (
  config: NetworkConfig,
  components: NetworkComponents & { readonly logger: Logger },
  gater: ConnectionGater,
): Libp2pOptions => ({
  start: false,
  privateKey: config.privateKey,
  nodeInfo: { name: 'dbcluster', userAgent: 'dbcluster' },
  datastore: components.datastore ?? new BoundedDatastore(BOUNDS.notedPeers),
  addresses: { listen: [...config.listenAddresses], announce: [...config.announceAddresses] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [boundedMuxer()],
  connectionProtector: privateNetwork({ keys: config.networkKeys, onMismatch: createMismatchLog(components.logger) }),
  connectionGater: gater,
  connectionManager: {
    // `ConnectionLimit` decides; libp2p would close connections in use to get below its own limit.
    maxConnections: 2 * config.maxConnections + 2 * BOUNDS.pendingConnections + BOUNDS.knownPeers,
    // `ConnectionLimit` lets the oldest handshake give way; libp2p would refuse the newest.
    maxIncomingPendingConnections: 4 * BOUNDS.pendingConnections,
    // Per host and second: a whole network may be on one machine, or behind one address.
    inboundConnectionThreshold: 2 * config.maxConnections,
    inboundUpgradeTimeout: BOUNDS.dialTimeoutMs,
    addressDialTimeout: BOUNDS.dialTimeoutMs,
    reconnectRetries: 0,
    maxPeerAddrsToDial: 2 * BOUNDS.addressesPerPeer,
  },
  // The health checks do it, over a stream that is open already.
  connectionMonitor: { enabled: false },
})
