import type { Closing } from '../closing.js'
import { startDeadline } from '../deadline.js'
import { exchange } from './exchange.js'
import type { NodeNetwork } from './node-network.js'
import type { Placements } from './placements.js'

/** Questions for placements under way at once; what is beyond waits for the next call to that database. */
const LOCATES_MAX = 16
const LOCATE_TIMEOUT_MS = 5_000

/** Asks in the background where a database lives, so that no call waits for it. */
export class Locator {
  readonly #network: NodeNetwork
  readonly #placements: Placements
  readonly #closing: Closing
  readonly #running = new Set<string>()

  constructor(network: NodeNetwork, placements: Placements, closing: Closing) {
    this.#network = network
    this.#placements = placements
    this.#closing = closing
  }

  locate(key: string, database: string, credential: string | undefined): void {
    const [peerId] = this.#network.connectedPeers()
    if (peerId === undefined || this.#running.has(key) || this.#running.size >= LOCATES_MAX) return
    this.#running.add(key)
    void this.#ask(peerId, database, credential)
      .then((placement) => this.#placements.set(key, placement))
      // The hint is missing, that is all: calls go to any node, which forwards.
      .catch(() => undefined)
      .finally(() => this.#running.delete(key))
  }

  async #ask(peerId: string, database: string, credential: string | undefined): Promise<readonly string[]> {
    const deadline = startDeadline({ timeoutMs: LOCATE_TIMEOUT_MS, closing: this.#closing })
    try {
      const { result } = await exchange<'locate'>(
        this.#network,
        peerId,
        { op: 'locate', database },
        { credential, requestId: 'locate', deadline },
      )
      const connected = new Set(this.#network.connectedPeers())
      for (const replica of result.replicas) {
        if (!connected.has(replica.peerId)) this.#network.want(replica.peerId, replica.multiaddrs)
      }
      return result.replicas.map((replica) => replica.peerId)
    } finally {
      deadline.release()
    }
  }
}
