import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from '@chainsafe/libp2p-gossipsub'
import { LIMITS, type Logger } from '@dbcluster/protocol'
import type { GossipMessage, Subscriptions } from './subscriptions.js'

const MIB = 1024 * 1024

/**
 * Gossipsub for networks of 1 to some dozen nodes, most of them all connected to each other: the publisher sends to
 * every subscriber at once, and `Dlo` stays at 4, since a lower one switches off grafting at the moment of connecting.
 * @see https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md
 */
export const gossipService = (): ((components: GossipSubComponents) => GossipSub) =>
  gossipsub({
    globalSignaturePolicy: 'StrictSign',
    emitSelf: false,
    fallbackToFloodsub: false,
    floodPublish: true,
    allowPublishToZeroTopicPeers: true,
    D: 6,
    Dlo: 4,
    Dhi: 12,
    heartbeatInterval: 300,
    // Many members may share one address (one machine, one NAT).
    scoreParams: { IPColocationFactorWeight: 0 },
    doPX: false,
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    maxOutboundBufferSize: 16 * MIB,
    maxInboundDataLength: 4 * MIB,
    maxTopicBytesPerPeer: 64 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: 128,
      maxMessages: 1_024,
      maxIhaveMessageIDs: 5_000,
      maxIwantMessageIDs: 5_000,
      maxIdontwantMessageIDs: 1_024,
      maxControlMessages: 1_024,
      maxPeerInfos: 16,
    },
  })

/** Publishing and subscribing of a running host. */
export interface Gossip {
  publish(topic: string, payload: Uint8Array): Promise<number>
  subscribe(topic: string): void
  unsubscribe(topic: string): void
}

/** Joins gossipsub to the handlers of this host. */
export const attachGossip = (pubsub: GossipSub, subscriptions: Subscriptions, logger: Logger): Gossip => {
  const validate = (message: Message): TopicValidatorResult => {
    const received = toGossipMessage(message)
    if (received === undefined || received.payload.length > LIMITS.gossipBytes) return TopicValidatorResult.Reject
    // Who isn't a member may hold the network key all the same; its messages go no further, and cost it nothing.
    return subscriptions.allows(message.topic, received.from)
      ? TopicValidatorResult.Accept
      : TopicValidatorResult.Ignore
  }
  pubsub.addEventListener('message', (event) => {
    try {
      const received = toGossipMessage(event.detail)
      if (received !== undefined) subscriptions.deliver(event.detail.topic, received)
    } catch (error) {
      logger.error('Delivering a gossip message failed', { error })
    }
  })
  return {
    publish: async (topic, payload) => (await pubsub.publish(topic, payload)).recipients.length,
    subscribe: (topic) => {
      pubsub.topicValidators.set(topic, (_from, message) => validate(message))
      pubsub.subscribe(topic)
    },
    unsubscribe: (topic) => {
      pubsub.unsubscribe(topic)
      pubsub.topicValidators.delete(topic)
    },
  }
}

const toGossipMessage = (message: Message): GossipMessage | undefined =>
  message.type === 'signed' ? { from: message.from.toString(), payload: message.data } : undefined
