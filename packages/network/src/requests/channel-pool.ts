import type { Connection, Stream } from '@libp2p/interface'
import { BOUNDS } from '../bounds.js'
import { OutgoingChannel } from './outgoing-channel.js'

export interface ChannelPoolInit {
  readonly connect: (peerId: string) => Promise<Connection>
  readonly onActivity: (peerId: string) => void
  readonly onViolation: (peerId: string, error: Error) => void
  readonly onMessageDropped: () => void
}

/** One outgoing channel per peer and protocol, opened when it is first needed and again after it broke. */
export class ChannelPool {
  readonly #init: ChannelPoolInit
  readonly #channels = new Map<string, OutgoingChannel>()

  constructor(init: ChannelPoolInit) {
    this.#init = init
  }

  get requestsInFlight(): number {
    let sum = 0
    for (const channel of this.#channels.values()) sum += channel.requestsInFlight
    return sum
  }

  to(peerId: string, protocol: string): OutgoingChannel {
    const key = `${peerId} ${protocol}`
    const existing = this.#channels.get(key)
    if (existing !== undefined) return existing
    const channel: OutgoingChannel = new OutgoingChannel({
      peerId,
      protocol,
      open: () => this.#open(peerId, protocol),
      onActivity: () => this.#init.onActivity(peerId),
      onViolation: (error) => this.#init.onViolation(peerId, error),
      onMessageDropped: this.#init.onMessageDropped,
      onClosed: () => {
        if (this.#channels.get(key) === channel) this.#channels.delete(key)
      },
    })
    this.#channels.set(key, channel)
    return channel
  }

  closeAll(reason: string): void {
    for (const channel of [...this.#channels.values()]) channel.close(reason)
  }

  async #open(peerId: string, protocol: string): Promise<Stream> {
    const connection = await this.#init.connect(peerId)
    return await connection.newStream(protocol, { signal: AbortSignal.timeout(BOUNDS.openStreamTimeoutMs) })
  }
}
