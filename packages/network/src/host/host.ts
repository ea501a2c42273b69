import { DbClusterError } from '@dbcluster/protocol'
import type { Libp2p, Libp2pEvents } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { Admission } from '../admission/admission.js'
import type { MemberKeys } from '../admission/member-keys.js'
import type { MembersOnlyInit } from '../admission/members-only.js'
import type { Misdeeds } from '../admission/misdeeds.js'
import { BOUNDS } from '../bounds.js'
import type { NetworkComponents, NetworkConfig } from '../config.js'
import { Authors } from '../gossip/authors.js'
import type { Gossip } from '../gossip/gossip.js'
import type { Subscriptions } from '../gossip/subscriptions.js'
import { type AddressBook, bareAddress } from '../peers/address-book.js'
import type { ConnectionLimit } from '../peers/connection-limit.js'
import { hostOptions } from './create-host.js'

/** What a host tells about its peers; a node tells of members only. */
export interface HostEvents {
  readonly onConnected: (peerId: string) => void
  readonly onDisconnected: (peerId: string) => void
  /** The routing table holds a peer that may not be connected. */
  readonly onDiscovered: (peerId: string) => void
  readonly onGossipIgnored: () => void
}

export interface HostInit {
  readonly config: NetworkConfig
  readonly components: NetworkComponents
  readonly self: string
  readonly limit: ConnectionLimit
  readonly misdeeds: Misdeeds
  readonly book: AddressBook
  readonly subscriptions: Subscriptions
  readonly events: HostEvents
}

/** libp2p, set up but not started, with gossip in node mode. */
export interface Host {
  readonly libp2p: Libp2p
  readonly gossip: Gossip | undefined
  /** Undefined in client mode, where nobody proves anything. */
  readonly admission: Admission | undefined
  readonly membersOnly: MembersOnlyInit | undefined
  /** Looks a peer's addresses up in the routing table and keeps them in the address book. */
  readonly lookUp: (peerId: string) => Promise<void>
}

/** Makes the host of the configured mode; gossipsub and kad-dht are loaded by nodes only. */
export const createHost = async (init: HostInit): Promise<Host> => {
  const { config, components } = init
  const options = hostOptions(config, components, init.limit.gater())
  if (config.memberKeys !== undefined) return await createNodeHost(init, options, config.memberKeys)
  const libp2p = await createLibp2p(options)
  on(libp2p, 'peer:connect', init, (peerId) => init.events.onConnected(peerId.toString()))
  on(libp2p, 'peer:disconnect', init, (peerId) => init.events.onDisconnected(peerId.toString()))
  learnAddresses(libp2p, undefined, init)
  return { libp2p, gossip: undefined, admission: undefined, membersOnly: undefined, lookUp: async () => undefined }
}

const createNodeHost = async (init: HostInit, options: Libp2pOptions, keys: MemberKeys): Promise<Host> => {
  const { self, subscriptions, misdeeds, events } = init
  const { logger } = init.components
  const authors = new Authors()
  const admission = new Admission({
    keys,
    self,
    logger,
    onProven: (peerId, run) => authors.connected(peerId, run),
    onAdmitted: (peerId) => events.onConnected(peerId),
    onLeft: (peerId) => {
      authors.disconnected(peerId)
      events.onDisconnected(peerId)
    },
    onRefused: (peerId, reason) => misdeeds.add(peerId, 'admissionsRefused', reason),
  })
  const members: MembersOnlyInit = {
    isProven: (connection) => admission.isProven(connection),
    ready: (connection) => admission.ready(connection),
    onRefused: (peerId, protocol) => misdeeds.add(peerId, 'streamsRefused', protocol),
  }
  const { attachGossip, nodeServices } = await import('./node-services.js')
  const services = nodeServices(init.config.discoveryIntervalMs, members)
  const libp2p = await createLibp2p({ ...options, services })
  await admission.attach(libp2p)
  learnAddresses(libp2p, admission, init)
  const gossip = attachGossip(libp2p.services.pubsub, {
    logger,
    subscriptions,
    keys,
    self,
    run: admission.run,
    authors,
    onRejected: (peerId) => misdeeds.add(peerId, 'gossipRejected', 'no member made it'),
    onIgnored: () => events.onGossipIgnored(),
  })
  return { libp2p, gossip, admission, membersOnly: members, lookUp: (peerId) => lookUp(libp2p, init.book, peerId) }
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
const on = <K extends keyof Libp2pEvents>(
  libp2p: Libp2p,
  event: K,
  { components: { logger } }: HostInit,
  listener: (detail: Libp2pEvents[K]['detail']) => void,
): void => {
  libp2p.addEventListener(event, ({ detail }: CustomEvent) => {
    try {
      listener(detail)
    } catch (error) {
      logger.error('Handling a network event failed', { event, error })
    }
  })
}

/** A node learns from members only: of anybody else nothing is kept beyond its connection. */
const learnAddresses = (libp2p: Libp2p, admission: Admission | undefined, init: HostInit): void => {
  const { book, events } = init
  on(libp2p, 'peer:identify', init, ({ peerId, connection, listenAddrs }) => {
    const learn = (): void => book.learn(peerId.toString(), listenAddrs.map(bareAddress))
    if (admission === undefined) learn()
    else admission.ready(connection).then(learn, () => undefined)
  })
  on(libp2p, 'peer:discovery', init, ({ id, multiaddrs }) => {
    // libp2p calls whoever connects discovered, too; of those a node learns when they have proven themselves.
    if (admission !== undefined && libp2p.getConnections(id).length > 0) return
    book.learn(id.toString(), multiaddrs.map(bareAddress))
    events.onDiscovered(id.toString())
  })
}
