import type { CoordinatorEffect, CoordinatorEvent } from '../core/events.js'
import type { CoordinatorComponents } from './components.js'

type Removal = Extract<CoordinatorEffect, { type: 'removeReplica' }>

/** Pause after a removal that failed; doubles with each, up to */
const PAUSE_MS = 1_000
/** this: what stood against it is mended by hand, and goes on within a minute of that. */
const PAUSE_MAX_MS = 60_000
/** A removal that still fails is spoken of again this often. */
const SAY_AGAIN_MS = 10 * 60_000

/** How one removal has gone so far. */
interface Course {
  readonly failures: number
  readonly saidAtMs: number
}

/**
 * Removes replicas from this node's disk. One that fails, for want of room or rights, is tried again until it is done:
 * its name is taken here for as long as it is on its way out. One course per name, so as many as replicas here.
 */
export class Removals {
  readonly #components: Pick<CoordinatorComponents, 'replicas' | 'clock' | 'logger'>
  readonly #dispatch: (event: CoordinatorEvent) => void
  /** Calls off the next try, per name. */
  readonly #waiting = new Map<string, () => void>()
  #closed = false

  constructor(
    components: Pick<CoordinatorComponents, 'replicas' | 'clock' | 'logger'>,
    dispatch: (event: CoordinatorEvent) => void,
  ) {
    this.#components = components
    this.#dispatch = dispatch
  }

  /** Answered by `replicaRemoved`, however long it takes. */
  remove(removal: Removal): void {
    this.#waiting.get(removal.name)?.()
    this.#waiting.delete(removal.name)
    this.#try(removal, { failures: 0, saidAtMs: Number.NEGATIVE_INFINITY })
  }

  /** No further tries: what is not gone yet is removed after the next start. */
  close(): void {
    this.#closed = true
    for (const callOff of this.#waiting.values()) callOff()
    this.#waiting.clear()
  }

  #try(removal: Removal, course: Course): void {
    const { name, clusterId, reason } = removal
    this.#components.replicas.remove(name, reason).then(
      () => {
        if (course.failures > 0) this.#components.logger.info('A replica could be removed at last', { database: name })
        this.#dispatch({ type: 'replicaRemoved', name, clusterId })
      },
      (error: unknown) => this.#onFailed(removal, course, error),
    )
  }

  #onFailed(removal: Removal, { failures, saidAtMs }: Course, error: unknown): void {
    if (this.#closed) return
    const { clock, logger } = this.#components
    const { name } = removal
    const nowMs = clock.nowMs()
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(failures, 10))
    const says = nowMs - saidAtMs >= SAY_AGAIN_MS
    logger[says ? 'warn' : 'debug']('A replica could not be removed, and is tried again', {
      database: name,
      error: String(error),
      failures: failures + 1,
      retry_ms: pauseMs,
      advice: 'see that node.data_dir has room and may be written by the node; until then its name is taken here',
    })
    const course = { failures: failures + 1, saidAtMs: says ? nowMs : saidAtMs }
    this.#waiting.set(
      name,
      clock.callAfter(pauseMs, () => {
        this.#waiting.delete(name)
        this.#try(removal, course)
      }),
    )
  }
}
