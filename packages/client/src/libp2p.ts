export { createLibp2pTransport } from './libp2p/create.js'
export type { Libp2pTransportInit } from './libp2p/init.js'
export type { Transport, TransportAnswer, TransportCallOptions, TransportStatus } from './transport.js'
