import { type KadDHT, type KadDHTComponents, kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { type MembersOnlyInit, membersOnly } from '../admission/members-only.js'

/** Of its own, so that no public DHT ever mixes with a private one. */
const PROTOCOL = '/dbcluster/kad/1.0.0'

/**
 * kad-dht as a table of peers and their addresses, and nothing else: every record is refused, and provider records go
 * nowhere, so that no peer can fill memory or disk through it.
 * @see https://github.com/libp2p/specs/tree/master/kad-dht
 */
export const routingService =
  (discoveryIntervalMs: number, members: MembersOnlyInit) =>
  (components: KadDHTComponents): KadDHT =>
    kadDHT({
      protocol: PROTOCOL,
      clientMode: false,
      // Without it private and loopback addresses would be dropped.
      peerInfoMapper: passthroughMapper,
      allowQueryWithZeroPeers: true,
      querySelfInterval: discoveryIntervalMs,
      initialQuerySelfInterval: Math.min(1_000, discoveryIntervalMs),
      validators: { pk: refuseRecord, ipns: refuseRecord },
      maxInboundStreams: 16,
      maxOutboundStreams: 16,
      pingOldContactMaxQueueSize: 100,
      routingTableUpdateMaxQueueSize: 256,
    })(membersOnly(withoutStore(components), members))

const refuseRecord = async (): Promise<void> => {
  throw new Error('this network keeps no records in its routing table')
}

/** The same components with a datastore that keeps nothing. */
const withoutStore = (components: KadDHTComponents): KadDHTComponents =>
  new Proxy(components, {
    get: (target, property) =>
      property === 'datastore' ? emptyDatastore(target.datastore) : Reflect.get(target, property),
  })

const emptyDatastore = (datastore: KadDHTComponents['datastore']): KadDHTComponents['datastore'] =>
  new Proxy(datastore, {
    get: (target, property) => {
      if (property === 'put') return async (key: unknown) => key
      const value: unknown = Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
