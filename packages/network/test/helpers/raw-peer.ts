import type { Connection, Libp2p, MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { privateNetwork } from '../../src/pnet/private-network.js'
import { NETWORK_KEY } from './hosts.js'

/** A peer with the network key that keeps to no rule of ours. */
export interface RawPeer {
  readonly libp2p: Libp2p
  connect(multiaddrs: readonly string[]): Promise<Connection>
  /** What lies under the streams of its last connection: bytes that are sent here are the muxer's own. */
  underStreams(): MessageStream
  stop(): Promise<void>
}

/** Makes one. */
export const startRawPeer = async (): Promise<RawPeer> => {
  let under: MessageStream | undefined
  const muxer = (): StreamMuxerFactory => {
    const inner = yamux({ enableKeepAlive: false })()
    return {
      protocol: inner.protocol,
      createStreamMuxer: (connection): StreamMuxer => {
        under = connection
        return inner.createStreamMuxer(connection)
      },
    }
  }
  const libp2p = await createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [muxer],
    connectionProtector: privateNetwork({ keys: [NETWORK_KEY] }),
    connectionMonitor: { enabled: false },
  })
  return {
    libp2p,
    connect: (multiaddrs) => libp2p.dial(multiaddrs.map((one) => multiaddr(one))),
    underStreams: () => {
      if (under === undefined) throw new Error('not connected yet')
      return under
    },
    stop: async () => void (await libp2p.stop()),
  }
}
