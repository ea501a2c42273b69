import type { LocalReplicas } from './components.js'

/** What a database's replica on this node has had to do. */
export interface DatabaseActivity {
  /** Operations that run on it now. */
  readonly inFlight: number
  /** When the last one began or ended; undefined when there was none since this node's start. */
  readonly lastQueryAt: Date | undefined
  /** Milliseconds since then, by a clock that never jumps; 0 while one is under way. */
  readonly idleMs: number | undefined
}

interface Entry {
  inFlight: number
  lastAtMs: number
}

/** Counts operations per database of this node. Whether a database may sleep is decided on this. */
export class Activities {
  readonly #replicas: LocalReplicas
  readonly #entries = new Map<string, Entry>()

  constructor(replicas: LocalReplicas) {
    this.#replicas = replicas
  }

  /** Counts one operation in. The function that it returns counts it out, once. */
  enter(name: string): () => void {
    const entry = this.#entry(name)
    entry.inFlight += 1
    entry.lastAtMs = performance.now()
    let left = false
    return () => {
      if (left) return
      left = true
      entry.inFlight -= 1
      entry.lastAtMs = performance.now()
    }
  }

  of(name: string): DatabaseActivity {
    const entry = this.#entries.get(name)
    if (entry === undefined) return { inFlight: 0, lastQueryAt: undefined, idleMs: undefined }
    const sinceMs = performance.now() - entry.lastAtMs
    return {
      inFlight: entry.inFlight,
      lastQueryAt: new Date(Date.now() - sinceMs),
      idleMs: entry.inFlight > 0 ? 0 : sinceMs,
    }
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name)
    if (known !== undefined) return known
    for (const [other, { inFlight }] of this.#entries) {
      if (inFlight === 0 && this.#replicas.get(other) === undefined) this.#entries.delete(other)
    }
    const entry: Entry = { inFlight: 0, lastAtMs: performance.now() }
    this.#entries.set(name, entry)
    return entry
  }
}
