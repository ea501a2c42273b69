import { DbClusterError, type Logger } from '@dbcluster/protocol'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { createLibp2p } from 'libp2p'
import { BOUNDS } from '../bounds.js'
import type { NetworkComponents, NetworkConfig } from '../config.js'
import type { Gossip } from '../gossip/gossip.js'
import type { Subscriptions } from '../gossip/subscriptions.js'
import { type AddressBook, bareAddress } from '../peers/address-book.js'
import type { ConnectionLimit } from '../peers/connection-limit.js'
import { hostOptions } from './create-host.js'

/** What a host tells about its peers. */
export interface HostEvents {
  readonly onConnected: (peerId: string) => void
  readonly onDisconnected: (peerId: string) => void
  /** Another host said which protocols it speaks. */
  readonly onIdentified: (peerId: string, protocols: readonly string[]) => void
  /** The routing table holds a peer that may not be connected. */
  readonly onDiscovered: (peerId: string) => void
}

export interface HostInit {
  readonly config: NetworkConfig
  readonly components: NetworkComponents
  readonly limit: ConnectionLimit
  readonly book: AddressBook
  readonly subscriptions: Subscriptions
  readonly events: HostEvents
}

/** libp2p, set up but not started, with gossip in node mode. */
export interface Host {
  readonly libp2p: Libp2p
  readonly gossip: Gossip | undefined
  /** Looks a peer's addresses up in the routing table and keeps them in the address book. */
  readonly lookUp: (peerId: string) => Promise<void>
}

/** Makes the host of the configured mode; gossipsub and kad-dht are loaded by nodes only. */
export const createHost = async (init: HostInit): Promise<Host> => {
  const { config, components, subscriptions } = init
  const options = hostOptions(config, components, init.limit.gater())
  if (config.mode === 'client') {
    const libp2p = await createLibp2p(options)
    listen(libp2p, init)
    return { libp2p, gossip: undefined, lookUp: async () => undefined }
  }
  const { attachGossip, nodeServices } = await import('./node-services.js')
  const libp2p = await createLibp2p({ ...options, services: nodeServices(config.discoveryIntervalMs) })
  listen(libp2p, init)
  const gossip = attachGossip(libp2p.services.pubsub, subscriptions, components.logger)
  return { libp2p, gossip, lookUp: (peerId) => lookUp(libp2p, init.book, peerId) }
}

/** Starts it. @throws DbClusterError `LISTEN_FAILED` */
export const startHost = async (libp2p: Libp2p, config: NetworkConfig): Promise<void> => {
  try {
    await libp2p.start()
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'UnsupportedListenAddressesError') throw cause
    const failed = config.listenAddresses.filter((address) => cause.message.includes(address))
    const named = (failed.length > 0 ? failed : config.listenAddresses).join(', ')
    throw new DbClusterError('LISTEN_FAILED', `can't listen on ${named}: ${reasonIn(cause.message)}`, {
      hint: 'stop what uses that port (another node?), or set another address under node.listen_addresses',
      details: { addresses: failed },
      cause,
    })
  }
}

const reasonIn = (message: string): string =>
  message.match(/E[A-Z]{3,}[^\n]*/)?.[0].trim() ?? (message.split('\n').at(-1) ?? message).trim()

const lookUp = async (libp2p: Libp2p, book: AddressBook, peerId: string): Promise<void> => {
  const signal = AbortSignal.timeout(BOUNDS.findPeerTimeoutMs)
  const found = await libp2p.peerRouting.findPeer(peerIdFromString(peerId), { signal })
  book.learn(peerId, found.multiaddrs.map(bareAddress))
}

/** What a listener throws would end the process, so each is wrapped. */
const guarded =
  <E>(logger: Logger, listener: (event: E) => void) =>
  (event: E): void => {
    try {
      listener(event)
    } catch (error) {
      logger.error('Handling a network event failed', { error })
    }
  }

const listen = (libp2p: Libp2p, { components: { logger }, book, events }: HostInit): void => {
  libp2p.addEventListener(
    'peer:connect',
    guarded(logger, ({ detail }) => events.onConnected(detail.toString())),
  )
  libp2p.addEventListener(
    'peer:disconnect',
    guarded(logger, ({ detail }) => events.onDisconnected(detail.toString())),
  )
  libp2p.addEventListener(
    'peer:identify',
    guarded(logger, ({ detail }) => {
      book.learn(detail.peerId.toString(), detail.listenAddrs.map(bareAddress))
      events.onIdentified(detail.peerId.toString(), detail.protocols)
    }),
  )
  libp2p.addEventListener(
    'peer:discovery',
    guarded(logger, ({ detail }) => {
      book.learn(detail.id.toString(), detail.multiaddrs.map(bareAddress))
      events.onDiscovered(detail.id.toString())
    }),
  )
}
