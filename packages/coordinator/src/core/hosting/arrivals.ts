import type { CoreContext } from '../context.js'
import type { Arrival } from './hosted.js'

/** Newcomers that wait, each with its ports, until what is here of their name is gone. */
export class Arrivals {
  readonly #context: CoreContext
  readonly #waiting = new Map<string, Arrival>()

  constructor(context: CoreContext) {
    this.#context = context
  }

  /** The later of two is meant: the other's ports go back. */
  announce(name: string, arrival: Arrival): void {
    this.#turnAway(name)
    this.#waiting.set(name, arrival)
  }

  /** This one is not wanted any more. */
  cancel(name: string, raftId: string): void {
    if (this.#waiting.get(name)?.assignment.raftId === raftId) this.#turnAway(name)
  }

  /** Its time has come. */
  take(name: string): Arrival | undefined {
    const arrival = this.#waiting.get(name)
    this.#waiting.delete(name)
    return arrival
  }

  #turnAway(name: string): void {
    const arrival = this.take(name)
    if (arrival !== undefined) this.#context.emit({ type: 'releasePorts', leaseKey: arrival.leaseKey })
  }
}
