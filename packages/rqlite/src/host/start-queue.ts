import { availableParallelism } from 'node:os'

/** On one processor too: while one start waits for the disk, another goes on. */
const LEAST_AT_ONCE = 2

/** A start that waits for its turn. */
export interface StartTicket {
  readonly name: string
  /** Its database has a majority without it: it goes after those that are waited for. */
  readonly late: boolean
}

interface Waiting extends StartTicket {
  readonly arrivedMs: number
  readonly go: () => void
}

/** Starts that arrive within this time of each other count as simultaneous. */
const TOGETHER_MS = 500

/**
 * Lets a few starts go at a time. A start costs processor time, and a replica serves only with a majority of its
 * database; so of many that arrive together, those of one database are to come up together, on all nodes. That is had
 * without a word between nodes by an order that is the same everywhere: by arrival, roughly, then by name.
 */
export class StartQueue {
  readonly #limit: number
  readonly #nowMs: () => number
  /** As many as replicas here, at most: each has one start at a time. */
  readonly #waiting = new Set<Waiting>()
  #going = 0

  /** @param limit starts that go at a time; by default as many as processors, and at least two */
  constructor(limit = Math.max(LEAST_AT_ONCE, availableParallelism()), nowMs: () => number = () => performance.now()) {
    this.#limit = limit
    this.#nowMs = nowMs
  }

  /**
   * Waits for a turn.
   * @returns ends the turn, however often it is called; undefined when the signal ended the wait
   */
  enter(ticket: StartTicket, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#waiting.delete(waiting)
        resolve(undefined)
      }
      const go = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve(this.#leaver())
      }
      const waiting: Waiting = { ...ticket, arrivedMs: this.#nowMs(), go }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiting)
      this.#admit()
    })
  }

  #leaver(): () => void {
    let over = false
    return () => {
      if (over) return
      over = true
      this.#going -= 1
      this.#admit()
    }
  }

  #admit(): void {
    while (this.#going < this.#limit) {
      const [first, ...others] = this.#waiting
      if (first === undefined) return
      const next = others.reduce((best, other) => (isBefore(other, best) ? other : best), first)
      this.#waiting.delete(next)
      this.#going += 1
      next.go()
    }
  }
}

const isBefore = (a: Waiting, b: Waiting): boolean => {
  const apart = Math.floor(a.arrivedMs / TOGETHER_MS) - Math.floor(b.arrivedMs / TOGETHER_MS)
  if (apart !== 0) return apart < 0
  if (a.late !== b.late) return b.late
  return a.name < b.name
}
