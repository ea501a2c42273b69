import type { Logger } from '@dbcluster/protocol'

/** The part of the bound that may pass between two counts: a count visits each stream. */
const COUNT_EVERY = 1 / 16

/** Somebody for whom bytes are held; counted when it matters and not at each change. */
export interface Holder {
  readonly peerId: string
  /** What is held for it now. */
  heldBytes(): number
}

export interface GuestMemoryInit {
  readonly logger: Logger
  readonly maxBytes: number
  readonly disconnect: (peerId: string, error: Error) => void
}

/**
 * Bounds what is held for peers that are no members, all of them together. Whoever holds the network key may be many
 * peers at once, so a bound for each is none; the one with the largest part is disconnected until the rest fits.
 */
export class GuestMemory {
  readonly #init: GuestMemoryInit
  readonly #holders = new Set<Holder>()
  #sinceCount = 0
  #disconnected = 0

  constructor(init: GuestMemoryInit) {
    this.#init = init
  }

  /** Peers disconnected for what they made this host hold. */
  get disconnected(): number {
    return this.#disconnected
  }

  /** Counts this holder from now on; the returned function ends that. */
  enter(holder: Holder): () => void {
    this.#holders.add(holder)
    return () => void this.#holders.delete(holder)
  }

  /** So many bytes have come, or wait to go, for some holder. */
  passed(bytes: number): void {
    this.#sinceCount += bytes
    if (this.#sinceCount < this.#init.maxBytes * COUNT_EVERY) return
    this.#sinceCount = 0
    this.#count()
  }

  #count(): void {
    const { logger, disconnect, maxBytes } = this.#init
    const held = new Map<string, number>()
    for (const holder of this.#holders) {
      held.set(holder.peerId, (held.get(holder.peerId) ?? 0) + holder.heldBytes())
    }
    let total = [...held.values()].reduce((sum, bytes) => sum + bytes, 0)
    for (const [peer, bytes] of [...held].sort((a, b) => b[1] - a[1])) {
      if (total <= maxBytes) return
      total -= bytes
      this.#disconnected++
      logger.warn('Disconnected an application that made this node hold too much', { peer, bytes, max_bytes: maxBytes })
      disconnect(
        peer,
        new Error(`more than ${maxBytes} bytes are held for applications, ${bytes} of them for this one`),
      )
    }
  }
}
