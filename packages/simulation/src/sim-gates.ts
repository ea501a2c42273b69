import type { Schedule } from './schedule.js'

/** While queries wait, the core hears of them again this often. */
const TELL_EVERY_MS = 1_000

interface Gate {
  isOpen: boolean
  inFlight: number
  /** When the last operation left, or the gate was made. */
  lastMs: number
  readonly waiting: Set<() => void>
}

/** The gates in front of one node's replicas; they end with its process. */
export class SimGates {
  readonly #schedule: Schedule
  readonly #onHeld: (name: string) => void
  readonly #gates = new Map<string, Gate>()
  #ended = false

  constructor(schedule: Schedule, onHeld: (name: string) => void) {
    this.#schedule = schedule
    this.#onHeld = onHeld
  }

  /** Its process died: nobody waits here any more. */
  end(): void {
    this.#ended = true
    this.#gates.clear()
  }

  /** Goes on at once, or when the gate opens. */
  enter(name: string, go: () => void): void {
    const gate = this.#gate(name)
    const pass = (): void => {
      gate.inFlight += 1
      go()
    }
    if (gate.isOpen) return pass()
    gate.waiting.add(pass)
    if (gate.waiting.size === 1) this.#tell(name, gate)
  }

  leave(name: string): void {
    if (this.#ended) return
    const gate = this.#gate(name)
    gate.inFlight -= 1
    gate.lastMs = this.#schedule.nowMs
  }

  activity(name: string): { readonly inFlight: number; readonly idleMs: number } {
    const { inFlight, lastMs } = this.#gate(name)
    return { inFlight, idleMs: inFlight > 0 ? 0 : Math.floor(this.#schedule.nowMs - lastMs) }
  }

  /** Closes it if nothing is under way and nothing was for so long. */
  hold(name: string, idleForMs: number): boolean {
    const { inFlight, idleMs } = this.activity(name)
    const gate = this.#gate(name)
    if (gate.isOpen && (inFlight > 0 || idleMs < idleForMs)) return false
    gate.isOpen = false
    return inFlight === 0
  }

  close(name: string): void {
    this.#gate(name).isOpen = false
  }

  /** After a wake-up idleness counts from here. */
  open(name: string, woke: boolean): void {
    const gate = this.#gate(name)
    gate.isOpen = true
    if (woke) gate.lastMs = this.#schedule.nowMs
    const waiting = [...gate.waiting]
    gate.waiting.clear()
    for (const pass of waiting) pass()
  }

  /** Operations that are under way or wait. */
  busy(name: string): number {
    const { inFlight, waiting } = this.#gate(name)
    return inFlight + waiting.size
  }

  #gate(name: string): Gate {
    const known = this.#gates.get(name)
    if (known !== undefined) return known
    const gate = { isOpen: true, inFlight: 0, lastMs: this.#schedule.nowMs, waiting: new Set<() => void>() }
    this.#gates.set(name, gate)
    return gate
  }

  #tell(name: string, gate: Gate): void {
    if (this.#ended || gate.isOpen || gate.waiting.size === 0) return
    this.#onHeld(name)
    this.#schedule.after(TELL_EVERY_MS, () => this.#tell(name, gate))
  }
}
