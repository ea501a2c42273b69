import type { HistoryEvent, Invocation } from '../../src/history/event.js'

/** What became of an operation: an answer, a refusal, or nothing that anybody knows. */
type End = { readonly ok: unknown } | { readonly fail: string } | 'open'

const SECOND = 1_000_000

/** A history, step by step. Each operation takes a second, and the next one begins after it. */
export class Script {
  readonly events: HistoryEvent[] = [
    {
      type: 'run',
      at: 0,
      run: { seed: 1, minutes: 1, accounts: 2, balance: 10, databases: ['d'], hosts: 'loopback' },
    },
  ]
  #at = 0
  #process = 0

  /** One operation of a new process, from its call to its end. */
  does(invocation: Invocation, end: End): this {
    const process = this.#process
    this.#process += 1
    this.add({ type: 'invoke', at: this.#tick(), process, via: 'sdk', ...invocation })
    const at = this.#tick()
    if (end === 'open') return this.add({ type: 'info', at, process, error: 'OUTCOME_UNKNOWN' })
    if ('fail' in end) return this.add({ type: 'fail', at, process, error: end.fail })
    return this.add({ type: 'ok', at, process, output: end.ok })
  }

  /** Another line, at a time of its own or now. */
  add(event: HistoryEvent): this {
    this.events.push(event)
    return this
  }

  fault(fault: string, phase: 'begin' | 'end'): this {
    return this.add({ type: 'fault', at: this.#tick(), fault, phase, what: 'a node' })
  }

  leaderless(database: string): this {
    return this.add({ type: 'leaderless', at: this.#tick(), database, how: 'killed' })
  }

  quiet(): this {
    return this.add({ type: 'quiet', at: this.#tick() })
  }

  wait(seconds: number): this {
    this.#at += seconds * SECOND
    return this
  }

  /** Half a second: a call and its end make one. */
  #tick(): number {
    this.#at += SECOND / 2
    return this.#at
  }
}
