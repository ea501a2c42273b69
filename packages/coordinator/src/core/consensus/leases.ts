import { type Ballot, compareBallots, type Decree, type NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import { isVoid } from './void-decree.js'

/** Offers that may wait for ports at once; further askers are told that this node is full. */
const MAX_PENDING_OFFERS = 1_000

type CreateRequest = NodeMessageOf<'DATABASE_CREATE_REQUEST'>

/** An offer of ours: asked for, then leased until a decree takes it, another one stands, or its time is over. */
interface Offer {
  readonly leaseKey: string
  readonly from: string
  readonly request: CreateRequest
  readonly leased: boolean
  readonly expiresAtMs: number
}

/** How a lease of ports is named: one per name and ballot, so that a losing ballot releases just its own. */
export const leaseKeyOf = (slot: {
  readonly name: string
  readonly generation: number
  readonly ballot: Ballot
}): string => `${slot.name}/${slot.generation}/${slot.ballot.round}/${slot.ballot.proposer}`

/** Ports that this node offered and that no replica owns yet. In memory only, as the port source's own leases. */
export class Leases {
  readonly #context: CoreContext
  readonly #offers = new Map<string, Offer>()

  constructor(context: CoreContext) {
    this.#context = context
  }

  /** Other names than this one with an offer out. */
  namesBesides(name: string): ReadonlySet<string> {
    const names = new Set([...this.#offers.values()].map((offer) => offer.request.name))
    names.delete(name)
    return names
  }

  get overloaded(): boolean {
    return this.#offers.size >= MAX_PENDING_OFFERS
  }

  /** Asks for ports for this request's offer. */
  begin(from: string, request: CreateRequest): void {
    const leaseKey = leaseKeyOf(request)
    const expiresAtMs = this.#context.nowMs + this.#context.config.offerMs
    this.#offers.set(leaseKey, { leaseKey, from, request, leased: false, expiresAtMs })
    this.#context.emit({ type: 'leasePorts', leaseKey })
  }

  /** Ports came. @returns the request they are for, unless nobody waits any more */
  onLeased(leaseKey: string): Offer | undefined {
    const offer = this.#offers.get(leaseKey)
    if (offer === undefined) this.#context.emit({ type: 'releasePorts', leaseKey })
    else this.#offers.set(leaseKey, { ...offer, leased: true })
    return offer
  }

  onRefused(leaseKey: string): Offer | undefined {
    const offer = this.#offers.get(leaseKey)
    this.#offers.delete(leaseKey)
    return offer
  }

  /** A replica takes over what was offered for its decree. @returns false when that is no longer held */
  take(name: string, decree: Decree): boolean {
    const leaseKey = leaseKeyOf({ name, ...decree })
    const offer = this.#offers.get(leaseKey)
    if (!offer?.leased) return false
    this.#offers.delete(leaseKey)
    this.#context.emit({ type: 'confirmPorts', leaseKey, name })
    return true
  }

  release(leaseKey: string): void {
    const offer = this.#offers.get(leaseKey)
    this.#offers.delete(leaseKey)
    // One that is still being looked for is released when it comes.
    if (offer?.leased) this.#context.emit({ type: 'releasePorts', leaseKey })
  }

  /** Releases what was offered for this name, up to a generation and ballot, save what a decree may still take. */
  releaseUpTo(
    bound: { readonly name: string; readonly generation: number; readonly ballot?: Ballot },
    keep?: Decree,
  ): void {
    const { peerId } = this.#context.self
    const placedHere = keep !== undefined && !isVoid(keep) && keep.replicas.some((replica) => replica.peerId === peerId)
    const keepKey = placedHere ? leaseKeyOf({ name: bound.name, ...keep }) : undefined
    for (const { leaseKey, request } of [...this.#offers.values()]) {
      if (request.name !== bound.name || leaseKey === keepKey || request.generation > bound.generation) continue
      const later =
        request.generation === bound.generation &&
        bound.ballot !== undefined &&
        compareBallots(request.ballot, bound.ballot) > 0
      if (!later) this.release(leaseKey)
    }
  }

  tick(): void {
    for (const offer of [...this.#offers.values()])
      if (offer.expiresAtMs <= this.#context.nowMs) this.release(offer.leaseKey)
  }

  nextDeadlineMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const { expiresAtMs } of this.#offers.values()) earliestMs = Math.min(earliestMs, expiresAtMs)
    return earliestMs
  }
}
