import { DbClusterError, type Logger } from '@dbcluster/protocol'
import type { PrivateKey } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import { MEMBER_KEY_BYTES, type MemberKeys, toMemberKey } from './admission/member-keys.js'
import { BOUNDS } from './bounds.js'
import { decodePrivateKey, ephemeralPrivateKey } from './identity.js'
import { type PeerAddress, parsePeerAddress } from './peers/address-book.js'
import { NETWORK_KEY_BYTES } from './swarm-key.js'

/** Settings of a host. Times in milliseconds. */
export interface NetworkInit {
  /** `client`: doesn't listen, gossip or route; it only dials and asks. */
  readonly mode: 'node' | 'client'
  /** libp2p's protobuf form. @default a fresh identity */
  readonly privateKey?: Uint8Array
  /** 32 bytes, from a swarm-key file. */
  readonly networkKey: Uint8Array
  /** Other network keys that are accepted from peers, while the network's key is being exchanged. @default none */
  readonly acceptedNetworkKeys?: readonly Uint8Array[]
  /**
   * Secrets of 32 bytes that only nodes hold, derived from the cluster key; needed in node mode. The first is this
   * host's own; the others, two at most, are accepted while it is being exchanged.
   */
  readonly memberKeys?: readonly Uint8Array[]
  /** Multiaddrs; ignored in client mode. */
  readonly listenAddresses: readonly string[]
  /** Multiaddrs told to others instead of the listening ones. */
  readonly announceAddresses?: readonly string[]
  /** Multiaddrs with `/p2p/…`; a connection to each is kept up. */
  readonly bootstrapPeers: readonly string[]
  /** @default 50 */
  readonly maxConnections?: number
  /**
   * Bytes held for all peers that are no members, together: parts of frames, requests that handlers are busy with,
   * answers that wait to be read. Beyond it whoever causes most of it is disconnected. @default 536_870_912
   */
  readonly guestMaxBytes?: number
  /** How often to look for more peers. @default 30_000 */
  readonly discoveryIntervalMs?: number
  /** How often each peer is checked. @default 10_000 */
  readonly healthCheckIntervalMs?: number
}

/** Collaborators of a host. */
export interface NetworkComponents {
  readonly logger: Logger
  /** Keeps libp2p's peer store over restarts. @default memory */
  readonly datastore?: NonNullable<Libp2pOptions['datastore']>
}

/** Settings after defaults and checks. */
export interface NetworkConfig {
  readonly mode: 'node' | 'client'
  readonly privateKey: PrivateKey
  /** This host's own first. */
  readonly networkKeys: readonly [Uint8Array, ...Uint8Array[]]
  /** Undefined in client mode. */
  readonly memberKeys: MemberKeys | undefined
  readonly listenAddresses: readonly string[]
  readonly announceAddresses: readonly string[]
  readonly bootstrapPeers: readonly PeerAddress[]
  readonly maxConnections: number
  readonly guestMaxBytes: number
  readonly discoveryIntervalMs: number
  readonly healthCheckIntervalMs: number
}

/** @throws DbClusterError `KEY_INVALID` or `CONFIG_INVALID` naming the setting and its value */
export const resolveConfig = (init: NetworkInit): NetworkConfig => {
  const networkKeys = [init.networkKey, ...(init.acceptedNetworkKeys ?? [])] as const
  const wrong = networkKeys.find((key) => key.length !== NETWORK_KEY_BYTES)
  if (wrong !== undefined) {
    throw new DbClusterError('KEY_INVALID', `a network key has ${wrong.length} bytes instead of 32`, {
      hint: 'read it from a swarm-key file with parseSwarmKey',
    })
  }
  return {
    mode: init.mode,
    privateKey: init.privateKey === undefined ? ephemeralPrivateKey() : decodePrivateKey(init.privateKey),
    networkKeys,
    memberKeys: init.mode === 'client' ? undefined : memberKeys(init.memberKeys ?? []),
    listenAddresses: init.mode === 'client' ? [] : addresses('listenAddresses', init.listenAddresses),
    announceAddresses: addresses('announceAddresses', init.announceAddresses ?? []),
    bootstrapPeers: init.bootstrapPeers.map(parsePeerAddress),
    maxConnections: positive('maxConnections', init.maxConnections ?? 50),
    guestMaxBytes: positive('guestMaxBytes', init.guestMaxBytes ?? BOUNDS.guestBytes),
    discoveryIntervalMs: positive('discoveryIntervalMs', init.discoveryIntervalMs ?? 30_000),
    healthCheckIntervalMs: positive('healthCheckIntervalMs', init.healthCheckIntervalMs ?? 10_000),
  }
}

const memberKeys = (secrets: readonly Uint8Array[]): MemberKeys => {
  const [own, ...accepted] = secrets
  const faulty = secrets.find((secret) => secret.length !== MEMBER_KEY_BYTES)
  if (own !== undefined && faulty === undefined) return [toMemberKey(own), ...accepted.map(toMemberKey)]
  const what = faulty === undefined ? 'a node was given no member key' : `a member key has ${faulty.length} bytes`
  throw new DbClusterError('KEY_INVALID', what, {
    hint: `derive ${MEMBER_KEY_BYTES} bytes from the cluster key; a client needs none`,
  })
}

const addresses = (setting: string, values: readonly string[]): readonly string[] => {
  for (const value of values) {
    try {
      multiaddr(value)
    } catch (cause) {
      throw new DbClusterError('CONFIG_INVALID', `${setting}: "${value}" is no multiaddr`, {
        hint: 'an address to listen on looks like /ip4/0.0.0.0/tcp/4001',
        cause,
      })
    }
  }
  return values
}

const positive = (setting: string, value: number): number => {
  if (Number.isInteger(value) && value > 0) return value
  throw new DbClusterError('CONFIG_INVALID', `${setting} is ${value}, but must be a whole number above 0`)
}
