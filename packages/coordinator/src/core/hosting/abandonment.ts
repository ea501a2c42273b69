import type { CoreContext } from '../context.js'
import type { Hosted } from './hosted.js'

/** Replicas here whose cluster nobody establishes: in the end this node ends the matter. */
export class Abandonment {
  readonly #context: CoreContext
  readonly #hosted: Map<string, Hosted>
  readonly #resolve: (name: string) => void

  constructor(context: CoreContext, hosted: Map<string, Hosted>, resolve: (name: string) => void) {
    this.#context = context
    this.#hosted = hosted
    this.#resolve = resolve
  }

  tick(): void {
    const { nowMs, config, turn } = this.#context
    for (const hosted of this.#unestablished()) {
      if (nowMs < hosted.abandonAtMs) continue
      this.#hosted.set(hosted.name, { ...hosted, abandonAtMs: nowMs + config.abandonMs * (1 + turn) })
      this.#resolve(hosted.name)
    }
  }

  nextDeadlineMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#unestablished().map((hosted) => hosted.abandonAtMs))
  }

  #unestablished(): Hosted[] {
    return [...this.#hosted.values()].filter(
      ({ name, phase }) => phase === 'running' && this.#context.table.database(name)?.established === false,
    )
  }
}
