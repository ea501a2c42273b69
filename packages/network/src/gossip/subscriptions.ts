import type { Logger } from '@dbcluster/protocol'
import type { AllowOptions } from '../requests/registry.js'

export interface GossipMessage {
  /** Peer id of the author, by its signature; not of the peer that passed the message on. */
  readonly from: string
  readonly payload: Uint8Array
}

export type GossipHandler = (message: GossipMessage) => void

interface Subscription {
  readonly handler: GossipHandler
  readonly allow: (peerId: string) => boolean
}

export interface SubscriptionsInit {
  readonly logger: Logger
  /** A topic got its first handler. */
  readonly onAdded: (topic: string) => void
  /** A topic lost its last one. */
  readonly onRemoved: (topic: string) => void
}

/** Who listens to which topic, kept while the host is stopped too. */
export class Subscriptions {
  readonly #init: SubscriptionsInit
  readonly #topics = new Map<string, Set<Subscription>>()

  constructor(init: SubscriptionsInit) {
    this.#init = init
  }

  topics(): readonly string[] {
    return [...this.#topics.keys()]
  }

  add(topic: string, handler: GossipHandler, options: AllowOptions = {}): () => void {
    const subscription = { handler, allow: options.allow ?? (() => true) }
    const known = this.#topics.get(topic)
    if (known === undefined) {
      this.#topics.set(topic, new Set([subscription]))
      this.#init.onAdded(topic)
    } else {
      known.add(subscription)
    }
    return () => this.#remove(topic, subscription)
  }

  /** Whether any handler of the topic takes messages of this author. */
  allows(topic: string, from: string): boolean {
    return [...(this.#topics.get(topic) ?? [])].some(({ allow }) => allow(from))
  }

  deliver(topic: string, message: GossipMessage): void {
    for (const { handler, allow } of [...(this.#topics.get(topic) ?? [])]) {
      try {
        if (allow(message.from)) handler(message)
      } catch (error) {
        this.#init.logger.error('A gossip handler threw', { topic, error })
      }
    }
  }

  #remove(topic: string, subscription: Subscription): void {
    const known = this.#topics.get(topic)
    if (known?.delete(subscription) !== true || known.size > 0) return
    this.#topics.delete(topic)
    this.#init.onRemoved(topic)
  }
}
