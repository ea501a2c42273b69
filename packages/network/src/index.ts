import './polyfill.js'

export { ADMISSION_PROTOCOL } from './admission/handshake.js'
export type { NetworkComponents, NetworkInit } from './config.js'
export { createNetwork } from './create-network.js'
export type { GossipHandler, GossipMessage } from './gossip/subscriptions.js'
export { generateIdentity, peerIdOf } from './identity.js'
export type { Network, NetworkStats, PeerHealth } from './network.js'
export type { HealthState } from './peers/health.js'
export type { RequestOptions } from './requests/outgoing-channel.js'
export type {
  AllowOptions,
  Audience,
  HandleOptions,
  IncomingMessage,
  IncomingRequest,
  MessageHandler,
  RequestHandler,
} from './requests/registry.js'
export { formatSwarmKey, generateNetworkKey, NETWORK_KEY_BYTES, parseSwarmKey } from './swarm-key.js'
