import type { SimNode } from './sim-node.js'
import type { World } from './world.js'

/** Checks that must be missed before a peer counts as unhealthy. */
const MISSES = 3

/** What each node's network finds out of the others by asking them from time to time. */
export class HealthChecks {
  readonly #world: World
  readonly #everyMs: number
  readonly #missed = new Map<string, number>()

  constructor(world: World, everyMs: number) {
    this.#world = world
    this.#everyMs = everyMs
  }

  start(): void {
    for (const node of this.#world.nodes) this.#later(node, this.#world.random.between(0, this.#everyMs))
  }

  #later(node: SimNode, delayMs: number): void {
    this.#world.schedule.after(delayMs, () => {
      if (node.working) for (const other of this.#world.nodes) if (other !== node) this.#check(node, other)
      this.#later(node, this.#everyMs)
    })
  }

  #check(node: SimNode, other: SimNode): void {
    const key = `${node.peerId}>${other.peerId}`
    const before = this.#missed.get(key) ?? 0
    const answers = other.working && this.#world.network.isReachable(node.peerId, other.peerId)
    const missed = answers ? 0 : before + 1
    this.#missed.set(key, missed)
    if (missed === MISSES) node.dispatch({ type: 'peerChecked', peerId: other.peerId, healthy: false })
    if (answers && before >= MISSES) node.dispatch({ type: 'peerChecked', peerId: other.peerId, healthy: true })
  }
}
