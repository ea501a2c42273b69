import type { Logger } from '@dbcluster/protocol'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { guardStream, type MembersOnlyInit } from '../admission/members-only.js'
import { BOUNDS } from '../bounds.js'
import type { GuestMemory } from './guest-memory.js'
import { InFlight } from './in-flight.js'
import { IncomingChannel } from './incoming-channel.js'
import type { ProtocolEntry } from './registry.js'

export interface IncomingStreamsInit {
  readonly libp2p: Libp2p
  readonly logger: Logger
  /** Undefined in client mode, where nobody proves anything. */
  readonly membersOnly: MembersOnlyInit | undefined
  readonly guestMemory: GuestMemory
  readonly onActivity: (peerId: string) => void
  readonly onViolation: (peerId: string, error: Error) => void
}

/** Lets libp2p hand the streams of registered protocols to channels. */
export class IncomingStreams {
  readonly #init: IncomingStreamsInit

  constructor(init: IncomingStreamsInit) {
    this.#init = init
  }

  async add(entry: ProtocolEntry): Promise<void> {
    const { libp2p, logger, membersOnly, guestMemory } = this.#init
    const inFlight = new InFlight()
    const limits = { maxInboundStreams: BOUNDS.inboundStreams, maxOutboundStreams: BOUNDS.inboundStreams }
    // Not async: the channel has to listen before the first data event.
    const serve = (stream: Stream, connection: Connection): void => {
      const from = connection.remotePeer.toString()
      new IncomingChannel({
        from,
        entry,
        stream,
        inFlight,
        logger,
        guestMemory: membersOnly?.isProven(connection) === true ? undefined : guestMemory,
        onActivity: () => this.#init.onActivity(from),
        onViolation: (error) => this.#init.onViolation(from, error),
      })
    }
    const open = entry.audience === 'everyone' || membersOnly === undefined
    await libp2p.handle(entry.protocol, open ? serve : guardStream(entry.protocol, serve, membersOnly), limits)
  }

  async remove(entry: ProtocolEntry): Promise<void> {
    await this.#init.libp2p.unhandle(entry.protocol)
  }
}
