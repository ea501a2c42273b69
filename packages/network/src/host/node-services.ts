import { identify } from '@libp2p/identify'
import { type PingComponents, ping } from '@libp2p/ping'
import { type MembersOnlyInit, membersOnly } from '../admission/members-only.js'
import { attachGossip, gossipService } from '../gossip/gossip.js'
import { routingService } from './routing.js'

/** What only nodes run. A client never loads this file, nor gossipsub and kad-dht with it. */
export const nodeServices = (discoveryIntervalMs: number, members: MembersOnlyInit) => ({
  identify: identify(),
  // kad-dht checks its contacts with it; for others it would be an echo of any size.
  ping: (components: PingComponents) =>
    ping({ maxInboundStreams: 16, maxOutboundStreams: 16 })(membersOnly(components, members)),
  routing: routingService(discoveryIntervalMs, members),
  pubsub: gossipService(members),
})

export { attachGossip }
