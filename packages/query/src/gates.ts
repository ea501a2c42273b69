import { DbClusterError } from '@dbcluster/protocol'
import type { LocalReplicas } from './components.js'

/** Operations that wait for one database at most; further ones are told to come again. */
const MAX_HELD = 1_000
/**
 * A wake-up that takes longer is a fault, which the caller had better know of. Most take half a second; of many at once
 * the last ones wait for their turn, on a small or busy machine for ten seconds.
 */
const HELD_LIMIT_MS = 20_000
/** While operations wait, whoever can let them pass is told again this often. */
const TELL_AGAIN_MS = 500

/** What a database's replica on this node has had to do. */
export interface DatabaseActivity {
  /** Operations that run on it now. */
  readonly inFlight: number
  /** When the last one began or ended; undefined when there was none since this node's start. */
  readonly lastQueryAt: Date | undefined
  /** Milliseconds since then, by a clock that never jumps; 0 while one is under way. */
  readonly idleMs: number | undefined
}

/** How an operation that waited got through. */
export interface Passed {
  /** The database was woken meanwhile, rather than just kept awake. */
  readonly woke: boolean
}

interface Waiter {
  pass(passed: Passed): void
}

interface Gate {
  inFlight: number
  /** When an operation last began or ended, or else the replica came up: idleness counts from here. */
  busyAtMs: number
  queriedAtMs: number | undefined
  closed: boolean
  readonly waiters: Set<Waiter>
  timer: NodeJS.Timeout | undefined
}

/**
 * The gates in front of this node's replicas. Every operation enters and leaves, so that a database sleeps only when
 * nothing is under way; at a closed gate it waits, and whoever decides about sleeping is told so.
 */
export class QueryGates {
  readonly #replicas: LocalReplicas
  readonly #gates = new Map<string, Gate>()
  readonly #listeners = new Set<(name: string) => void>()

  constructor(replicas: LocalReplicas) {
    this.#replicas = replicas
  }

  /** Counts one operation in, unless the gate is closed. The function that it returns counts it out, once. */
  enter(name: string): (() => void) | undefined {
    const gate = this.#gate(name)
    if (gate.closed) return undefined
    gate.inFlight += 1
    this.#touch(gate)
    let left = false
    return () => {
      if (left) return
      left = true
      gate.inFlight -= 1
      this.#touch(gate)
    }
  }

  /** Whether operations on this database have to wait here. */
  isClosed(name: string): boolean {
    return this.#gates.get(name)?.closed === true
  }

  /**
   * Waits until the gate is open.
   * @throws DbClusterError `DATABASE_WAKING` when too many wait, or for too long; the signal's reason
   */
  pass(name: string, signal: AbortSignal): Promise<Passed> {
    const gate = this.#gate(name)
    if (!gate.closed) return Promise.resolve({ woke: false })
    if (gate.waiters.size >= MAX_HELD) return Promise.reject(crowded(name))
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        gate.waiters.delete(waiter)
        if (gate.waiters.size === 0) this.#stopTelling(gate)
      }
      const waiter: Waiter = {
        pass: (passed) => {
          end()
          resolve(passed)
        },
      }
      const fail = (error: unknown): void => {
        end()
        reject(error)
      }
      const onAbort = (): void => fail(signal.reason)
      const timer = setTimeout(() => fail(late(name)), HELD_LIMIT_MS)
      gate.waiters.add(waiter)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#tell(name, gate)
    })
  }

  /** {@link DatabaseActivity} of one database. */
  of(name: string): DatabaseActivity {
    const gate = this.#gates.get(name)
    if (gate?.queriedAtMs === undefined)
      return { inFlight: gate?.inFlight ?? 0, lastQueryAt: undefined, idleMs: undefined }
    const sinceMs = performance.now() - gate.queriedAtMs
    return {
      inFlight: gate.inFlight,
      lastQueryAt: new Date(Date.now() - sinceMs),
      idleMs: gate.inFlight > 0 ? 0 : sinceMs,
    }
  }

  /** Operations under way, and for how long there was none since the replica came up. */
  activity(name: string): { readonly inFlight: number; readonly idleMs: number } {
    const { inFlight, busyAtMs } = this.#gate(name)
    return { inFlight, idleMs: inFlight > 0 ? 0 : performance.now() - busyAtMs }
  }

  /** Closes the gate if nothing is under way, nor was for so long. @returns whether it is closed */
  hold(name: string, idleForMs: number): boolean {
    const gate = this.#gate(name)
    if (gate.inFlight > 0 || gate.waiters.size > 0) return false
    if (gate.closed) return true
    if (performance.now() - gate.busyAtMs < idleForMs) return false
    gate.closed = true
    return true
  }

  /** Closes the gate, whatever is under way. */
  close(name: string): void {
    this.#gate(name).closed = true
  }

  /** Opens the gate, to those who wait as well. */
  open(name: string, passed: Passed): void {
    const gate = this.#gate(name)
    gate.closed = false
    if (passed.woke) gate.busyAtMs = performance.now()
    for (const waiter of [...gate.waiters]) waiter.pass(passed)
  }

  /** Told of the first operation that waits at a gate, and from time to time while any does. */
  onHeld(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #touch(gate: Gate): void {
    gate.busyAtMs = performance.now()
    gate.queriedAtMs = gate.busyAtMs
  }

  #tell(name: string, gate: Gate): void {
    if (gate.timer !== undefined) return
    const tell = (): void => {
      for (const listener of this.#listeners) listener(name)
    }
    gate.timer = setInterval(tell, TELL_AGAIN_MS)
    tell()
  }

  #stopTelling(gate: Gate): void {
    clearInterval(gate.timer)
    gate.timer = undefined
  }

  #gate(name: string): Gate {
    const known = this.#gates.get(name)
    if (known !== undefined) return known
    // As many as replicas here: what is gone, with nobody at its gate, makes room.
    for (const [other, { inFlight, closed, waiters }] of this.#gates) {
      if (inFlight === 0 && !closed && waiters.size === 0 && this.#replicas.get(other) === undefined) {
        this.#gates.delete(other)
      }
    }
    const nowMs = performance.now()
    const gate: Gate = {
      inFlight: 0,
      busyAtMs: nowMs,
      queriedAtMs: undefined,
      closed: false,
      waiters: new Set(),
      timer: undefined,
    }
    this.#gates.set(name, gate)
    return gate
  }
}

/** Makes the gates of one node. */
export const createQueryGates = (replicas: LocalReplicas): QueryGates => new QueryGates(replicas)

const crowded = (name: string): DbClusterError =>
  new DbClusterError('DATABASE_WAKING', `${name} is waking, and ${MAX_HELD} requests wait for it here already`, {
    hint: 'nothing was applied: send it again in a moment',
    details: { retry_after: 1 },
  })

const late = (name: string): DbClusterError =>
  new DbClusterError('DATABASE_WAKING', `${name} did not wake within ${HELD_LIMIT_MS} ms`, {
    hint: 'nothing was applied. The status of the database shows its replicas; the logs of their nodes say what keeps them',
    details: { retry_after: 2 },
  })
