import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from '@chainsafe/libp2p-gossipsub'
import type { Logger } from '@dbcluster/protocol'
import type { MemberKeys } from '../admission/member-keys.js'
import { type MembersOnlyInit, membersOnly } from '../admission/members-only.js'
import type { Authors } from './authors.js'
import { ENVELOPE_BYTES, openEnvelope, sealEnvelope } from './envelope.js'
import type { Subscriptions } from './subscriptions.js'

const MIB = 1024 * 1024

/**
 * Gossipsub for networks of 1 to some dozen nodes, most of them all connected to each other: the publisher sends to
 * every subscriber at once, and `Dlo` stays at 4, since a lower one switches off grafting at the moment of connecting.
 * @see https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md
 */
export const gossipService =
  (members: MembersOnlyInit) =>
  (components: GossipSubComponents): GossipSub =>
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
    })(membersOnly(components, members))

/** Publishing and subscribing of a running host. */
export interface Gossip {
  publish(topic: string, payload: Uint8Array): Promise<number>
  subscribe(topic: string): void
  unsubscribe(topic: string): void
}

export interface GossipInit {
  readonly logger: Logger
  readonly subscriptions: Subscriptions
  readonly keys: MemberKeys
  readonly self: string
  /** Names this run of this host. */
  readonly run: Uint8Array
  readonly authors: Authors
  /** The peer that brought it should not have: no member made it. */
  readonly onRejected: (peerId: string) => void
  readonly onIgnored: () => void
}

/** Joins gossipsub to the handlers of this host. What is handed out and passed on was made by a member, once. */
export const attachGossip = (pubsub: GossipSub, init: GossipInit): Gossip => {
  const { keys, self, run, authors, subscriptions } = init
  let counter = 0n
  const validate = (source: string, message: Message): TopicValidatorResult => {
    if (message.type !== 'signed') return reject(init, source)
    const author = message.from.toString()
    const opened = openEnvelope(keys, { topic: message.topic, author }, message.data)
    if (opened.kind === 'bad') return reject(init, source)
    // A newer version's message, a replay or an author that this node doesn't know may come from an honest neighbour.
    const taken = opened.kind === 'opened' && authors.take(author, opened.envelope.run, opened.envelope.counter)
    if (taken && subscriptions.allows(message.topic, author)) return TopicValidatorResult.Accept
    if (!taken) init.onIgnored()
    return TopicValidatorResult.Ignore
  }
  pubsub.addEventListener('message', ({ detail }) => {
    try {
      if (detail.type !== 'signed') return
      // Validated already: only such messages come here.
      subscriptions.deliver(detail.topic, {
        from: detail.from.toString(),
        payload: detail.data.subarray(ENVELOPE_BYTES),
      })
    } catch (error) {
      init.logger.error('Delivering a gossip message failed', { error })
    }
  })
  return {
    publish: async (topic, payload) => {
      counter++
      const sealed = sealEnvelope(keys, { topic, author: self }, { run, counter, payload })
      return (await pubsub.publish(topic, sealed)).recipients.length
    },
    subscribe: (topic) => {
      pubsub.topicValidators.set(topic, (from, message) => validate(from.toString(), message))
      pubsub.subscribe(topic)
    },
    unsubscribe: (topic) => {
      pubsub.unsubscribe(topic)
      pubsub.topicValidators.delete(topic)
    },
  }
}

const reject = ({ onRejected }: GossipInit, source: string): TopicValidatorResult => {
  onRejected(source)
  return TopicValidatorResult.Reject
}
