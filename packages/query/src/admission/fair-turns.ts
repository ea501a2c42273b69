/** Requests that are at work at once while several callers ask: enough for what rqlited does side by side. */
export const TURNS = 16
/** A request that takes longer has had its turn, and keeps nobody waiting: it may be a costly read, or wait for a majority. */
const BUSY_MS = 500
/** A caller counts as being there for so long after it asked. */
const PRESENT_MS = 1_000

/** One request at work. */
interface Turn {
  readonly caller: string
  readonly sinceMs: number
}

/**
 * Lets requests of several callers go to this node's replicas in turn, few at a time, so that one with hundreds on their way does not
 * stand before one with a single request: everybody waits for the few that are at work and for one of each other caller.
 * A caller who asks alone is not held up, whatever it asks.
 *
 * How many wait is bounded by what is admitted.
 */
export class FairTurns {
  readonly #nowMs: () => number
  /** At work for less than {@link BUSY_MS}, the oldest first. */
  readonly #busy = new Set<Turn>()
  readonly #busyOf = new Map<string, number>()
  /** Who waits, the next one first; each with those of its requests that do. */
  readonly #waiting = new Map<string, Set<() => void>>()
  /** The last two callers. */
  #last: Turn | undefined
  #lastOther: Turn | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /**
   * Resolves when it is this request's turn, with how to end it.
   * @throws what `signal` was aborted with
   */
  async take(caller: string, signal: AbortSignal): Promise<() => void> {
    const isAlone = this.#notice(caller)
    this.#forgetSlow()
    const turn = isAlone || this.#mayGo(caller) ? this.#begin(caller) : await this.#wait(caller, signal)
    return () => {
      this.#end(turn)
      this.#letGo()
    }
  }

  /** Whether nobody else has asked lately. */
  #notice(caller: string): boolean {
    const nowMs = this.#nowMs()
    if (this.#last !== undefined && this.#last.caller !== caller) this.#lastOther = this.#last
    this.#last = { caller, sinceMs: nowMs }
    return this.#lastOther === undefined || nowMs - this.#lastOther.sinceMs > PRESENT_MS
  }

  #mayGo(caller: string): boolean {
    if (this.#waiting.has(caller)) return false
    if (this.#busy.size < TURNS && this.#waiting.size === 0) return true
    // Its own part is kept for a caller that has less at work, also when others fill all of it from a time when they were alone.
    const callers = new Set([...this.#busyOf.keys(), ...this.#waiting.keys(), caller]).size
    return (this.#busyOf.get(caller) ?? 0) < Math.floor(TURNS / callers)
  }

  #wait(caller: string, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const those = this.#waiting.get(caller) ?? new Set()
      const go = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve(this.#begin(caller))
      }
      const onAbort = (): void => {
        those.delete(go)
        if (those.size === 0) this.#waiting.delete(caller)
        reject(signal.reason as Error)
      }
      those.add(go)
      this.#waiting.set(caller, those)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#watch()
    })
  }

  #begin(caller: string): Turn {
    const turn = { caller, sinceMs: this.#nowMs() }
    this.#busy.add(turn)
    this.#busyOf.set(caller, (this.#busyOf.get(caller) ?? 0) + 1)
    return turn
  }

  #end(turn: Turn): void {
    if (!this.#busy.delete(turn)) return
    const left = (this.#busyOf.get(turn.caller) ?? 1) - 1
    if (left > 0) this.#busyOf.set(turn.caller, left)
    else this.#busyOf.delete(turn.caller)
  }

  #forgetSlow(): void {
    const before = this.#nowMs() - BUSY_MS
    for (const turn of this.#busy) {
      if (turn.sinceMs > before) return
      this.#end(turn)
    }
  }

  /** Whose turn it is goes to work, one of each in turn. */
  #letGo(): void {
    for (const [caller, those] of this.#waiting) {
      if (this.#busy.size >= TURNS) break
      const [go] = those
      this.#waiting.delete(caller)
      if (go === undefined) continue
      those.delete(go)
      if (those.size > 0) this.#waiting.set(caller, those)
      go()
    }
    this.#watch()
  }

  /** Slow ones make room also when nothing ends. */
  #watch(): void {
    const [oldest] = this.#busy
    if (this.#timer !== undefined || this.#waiting.size === 0) return
    const inMs = oldest === undefined ? 0 : oldest.sinceMs + BUSY_MS - this.#nowMs()
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#forgetSlow()
        this.#letGo()
      },
      Math.max(1, inMs),
    )
    // Requests come over connections, which are what a process stays for.
    this.#timer.unref()
  }
}
