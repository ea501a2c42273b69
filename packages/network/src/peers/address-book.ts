import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { BOUNDS } from '../bounds.js'

/** A multiaddr in two parts: where, and who. */
export interface PeerAddress {
  readonly peerId: string
  /** Without `/p2p/…`. */
  readonly address: string
}

/**
 * Takes a multiaddr that ends in `/p2p/PEER` apart.
 * @throws DbClusterError `CONFIG_INVALID` when it isn't one
 */
export const parsePeerAddress = (text: string): PeerAddress => {
  try {
    const parsed = multiaddr(text)
    const peerId = parsed.getComponents().findLast((component) => component.code === CODE_P2P)?.value
    if (peerId !== undefined) return { peerId: peerIdFromString(peerId).toString(), address: bareAddress(parsed) }
  } catch (cause) {
    throw new DbClusterError('CONFIG_INVALID', `"${text}" is no multiaddr of a peer`, { hint: ADDRESS_HINT, cause })
  }
  throw new DbClusterError('CONFIG_INVALID', `"${text}" doesn't say which peer it leads to`, { hint: ADDRESS_HINT })
}

const ADDRESS_HINT =
  'a peer address looks like /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…; a node prints its own when it starts'

/** The address without the peer it leads to. */
export const bareAddress = (address: Multiaddr): string =>
  address.getComponents().some((component) => component.code === CODE_P2P)
    ? address.decapsulateCode(CODE_P2P).toString()
    : address.toString()

/** Those of the given multiaddrs that lead to this peer, without `/p2p/…`; records of other nodes may hold anything. */
export const usableAddresses = (peerId: string, multiaddrs: readonly string[], logger: Logger): readonly string[] =>
  multiaddrs.flatMap((text) => {
    try {
      const parsed = multiaddr(text)
      const named = parsed.getComponents().findLast((component) => component.code === CODE_P2P)?.value
      if (named === undefined || named === peerId) return [bareAddress(parsed)]
    } catch {
      // Told below.
    }
    logger.debug('Ignored an address', { peer: peerId, address: text })
    return []
  })

interface Entry {
  /** Given by the application, in its order; always kept. */
  wanted: readonly string[]
  /** Learned on the way, newest last. */
  readonly learned: Set<string>
}

/** Addresses by peer. Bounded: unwanted peers and the oldest learned addresses are forgotten first. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>()

  /** Sets the addresses that the application gives for a peer; an empty list forgets those given before. */
  want(peerId: string, addresses: readonly string[]): void {
    this.#entry(peerId).wanted = addresses.slice(0, BOUNDS.addressesPerPeer)
  }

  learn(peerId: string, addresses: readonly string[]): void {
    const { learned } = this.#entry(peerId)
    for (const address of addresses.slice(0, BOUNDS.addressesPerPeer)) {
      learned.delete(address)
      learned.add(address)
    }
    for (const address of learned) {
      if (learned.size <= BOUNDS.addressesPerPeer) break
      learned.delete(address)
    }
  }

  /** Without `/p2p/…`, the given ones first. */
  of(peerId: string): readonly string[] {
    const entry = this.#entries.get(peerId)
    return entry === undefined ? [] : [...new Set([...entry.wanted, ...[...entry.learned].reverse()])]
  }

  #entry(peerId: string): Entry {
    const existing = this.#entries.get(peerId)
    if (existing !== undefined) return existing
    const entry: Entry = { wanted: [], learned: new Set() }
    this.#entries.set(peerId, entry)
    for (const [other, { wanted }] of this.#entries) {
      if (this.#entries.size <= BOUNDS.knownPeers) break
      if (wanted.length === 0 && other !== peerId) this.#entries.delete(other)
    }
    return entry
  }
}
