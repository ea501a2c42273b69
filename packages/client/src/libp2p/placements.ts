/** Databases whose placement is remembered; the one used longest ago goes first. */
export const PLACEMENTS_MAX = 4_096

/** Peer ids that hold a database's replicas, the leader's node first. */
export type Placement = readonly string[]

/** What is known about where databases live. Only hints: a wrong one costs a forward, never an answer. */
export class Placements {
  readonly #byKey = new Map<string, Placement>()
  readonly #max: number

  constructor(max: number = PLACEMENTS_MAX) {
    this.#max = max
  }

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): Placement | undefined {
    const placement = this.#byKey.get(key)
    if (placement !== undefined) {
      this.#byKey.delete(key)
      this.#byKey.set(key, placement)
    }
    return placement
  }

  set(key: string, placement: Placement): void {
    this.#byKey.delete(key)
    if (placement.length === 0) return
    this.#byKey.set(key, placement)
    for (const oldest of this.#byKey.keys()) {
      if (this.#byKey.size <= this.#max) return
      this.#byKey.delete(oldest)
    }
  }

  drop(key: string): void {
    this.#byKey.delete(key)
  }

  /** The leader's work was done by `peerId`: it comes first; one that was not known as a replica makes us ask again. */
  ledBy(key: string, peerId: string): void {
    const placement = this.#byKey.get(key)
    if (placement === undefined || placement[0] === peerId) return
    if (placement.includes(peerId)) this.set(key, [peerId, ...placement.filter((peer) => peer !== peerId)])
    else this.drop(key)
  }
}
