import type { Logger } from '@dbcluster/protocol'

/** Settings of the libp2p transport. */
export interface Libp2pTransportInit {
  /** Nodes to begin with, as multiaddrs that end in `/p2p/<peer id>`; others are learned from them. */
  readonly bootstrapPeers: readonly string[]
  /** The private network's key: the text of the swarm-key file, or its 32 bytes. */
  readonly networkKey: string | Uint8Array
  /** This member's own key (protobuf), for a peer id that stays. @default a fresh one */
  readonly privateKey?: Uint8Array
  /** How long `connect()` waits for the first node. @default 10000 */
  readonly connectTimeoutMs?: number
  /** @default nothing is logged */
  readonly logger?: Logger
}
