import type { PortOffer } from '@dbcluster/coordinator'
import type { Random } from '../random.js'

/**
 * The ports of one node's process: what it holds in memory, lost with the process. The real allocator lets leases end
 * that nobody confirms; this one never does, so that whatever the core forgets to release is seen.
 */
export class PortPool {
  readonly #host: string
  readonly #size: number
  readonly #random: Random
  /** Ports that some process of this machine is bound to, whoever remembers it. */
  readonly #isBound: (httpPort: number) => boolean
  readonly #leases = new Map<string, PortOffer>()

  constructor(init: { host: string; size: number; random: Random; isBound: (httpPort: number) => boolean }) {
    this.#host = init.host
    this.#size = init.size
    this.#random = init.random
    this.#isBound = init.isBound
  }

  /** A free pair, or nothing when all are taken. */
  lease(owner: string): PortOffer | undefined {
    const held = this.#leases.get(owner)
    if (held !== undefined) return held
    const start = this.#random.integer(0, this.#size - 1)
    for (let step = 0; step < this.#size; step += 1) {
      const httpPort = 5001 + ((start + step) % this.#size)
      if (this.#holder(httpPort) !== undefined || this.#isBound(httpPort)) continue
      const offer = { host: this.#host, httpPort, raftPort: httpPort + 2000 }
      this.#leases.set(owner, offer)
      return offer
    }
    return undefined
  }

  /** The lease stays from now on, under a new name. @returns false when there was none */
  confirm(owner: string, name: string): boolean {
    const lease = this.#leases.get(owner)
    if (lease === undefined) return false
    this.#leases.delete(owner)
    this.#leases.set(name, lease)
    return true
  }

  /** Takes a pair known from before. @returns false when somebody else holds it */
  reserve(owner: string, offer: PortOffer): boolean {
    const holder = this.#holder(offer.httpPort)
    if (holder !== undefined && holder !== owner) return false
    this.#leases.set(owner, offer)
    return true
  }

  release(owner: string): void {
    this.#leases.delete(owner)
  }

  /** Who holds something. */
  owners(): string[] {
    return [...this.#leases.keys()].sort()
  }

  #holder(httpPort: number): string | undefined {
    for (const [owner, lease] of this.#leases) if (lease.httpPort === httpPort) return owner
    return undefined
  }
}
