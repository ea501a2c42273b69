import { gossipsub } from '@chainsafe/libp2p-gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

/** Of one step; the machine may be busy, and who is refused learns it at once. */
export const LIMIT_MS = 20_000

/** A libp2p peer with the network key, if there is one. */
export const createPeer = ({ networkKey, privateKey }, services = {}) =>
  createLibp2p({
    ...(privateKey === undefined ? {} : { privateKey }),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { addressDialTimeout: LIMIT_MS, dialTimeout: LIMIT_MS },
    ...(networkKey === undefined
      ? {}
      : { connectionProtector: preSharedKey({ psk: new TextEncoder().encode(networkKey) }) }),
    services,
  })

export const dial = (peer, { target }) => peer.dial(multiaddr(target), { signal: AbortSignal.timeout(LIMIT_MS) })

/** A new peer for one use, connected to the target. */
export const withPeer = async (plan, services, use) => {
  const peer = await createPeer(plan, services)
  try {
    return await use(peer, await dial(peer, plan))
  } catch (error) {
    return { outcome: 'not connected', reason: String(error.message ?? error) }
  } finally {
    await peer.stop()
  }
}

export const honestGossip = () => ({
  identify: identify(),
  pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, floodPublish: true, fallbackToFloodsub: false }),
})
