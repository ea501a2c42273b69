import type { PortOffer } from '@dbcluster/coordinator'
import type { Random } from '../random.js'

/** Ports come in pairs here. */
const RAFT_OFFSET = 2000

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
  /** Home ports of what sleeps: given to others last. */
  readonly #resting = new Map<string, PortOffer>()

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
    const offer = this.#free((httpPort) => !this.#rests(httpPort)) ?? this.#free(() => true)
    if (offer !== undefined) this.#leases.set(owner, offer)
    return offer
  }

  /** The pair of the preferred Raft port where it is free, else another one. */
  leaseFor(name: string, { raftPort }: PortOffer): PortOffer | undefined {
    this.#resting.delete(name)
    const preferred = this.#pair(raftPort - RAFT_OFFSET)
    const holder = this.#holder(preferred.httpPort)
    const isFree = (holder === undefined || holder === name) && !this.#isBound(preferred.httpPort)
    const held = this.#leases.get(name)
    if (!isFree && held !== undefined && !this.#isBound(held.httpPort)) return held
    this.#leases.delete(name)
    if (!isFree) return this.lease(name)
    this.#leases.set(name, preferred)
    return preferred
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
    this.#resting.delete(owner)
    return true
  }

  /** What sleeps gives its pair back, and others get it last. */
  rest(name: string, known?: PortOffer): void {
    const home = known ?? this.#leases.get(name)
    this.#leases.delete(name)
    if (home !== undefined) this.#resting.set(name, home)
  }

  release(owner: string): void {
    this.#leases.delete(owner)
    this.#resting.delete(owner)
  }

  /** Who holds something. */
  owners(): string[] {
    return [...this.#leases.keys()].sort()
  }

  #free(mayTake: (httpPort: number) => boolean): PortOffer | undefined {
    const start = this.#random.integer(0, this.#size - 1)
    for (let step = 0; step < this.#size; step += 1) {
      const httpPort = 5001 + ((start + step) % this.#size)
      if (this.#holder(httpPort) !== undefined || this.#isBound(httpPort) || !mayTake(httpPort)) continue
      return this.#pair(httpPort)
    }
    return undefined
  }

  #pair(httpPort: number): PortOffer {
    return { host: this.#host, httpPort, raftPort: httpPort + RAFT_OFFSET }
  }

  #rests(httpPort: number): boolean {
    return [...this.#resting.values()].some((home) => home.httpPort === httpPort)
  }

  #holder(httpPort: number): string | undefined {
    for (const [owner, lease] of this.#leases) if (lease.httpPort === httpPort) return owner
    return undefined
  }
}
