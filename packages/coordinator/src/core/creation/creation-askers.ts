import type { DatabaseRecord, DbClusterError } from '@dbcluster/protocol'
import { overloaded } from './creation-errors.js'

/** Names and, per name, callers that may wait for a creation here at once. */
const MAX_NAMES = 10_000
const MAX_ASKERS_PER_NAME = 10_000

/** Somebody who waits for a creation: a local caller's ask, or another node's. */
export interface Asker {
  readonly peerId: string
  readonly askId: string
}

/** How a creation ended for those who asked. */
export type CreationOutcome = { readonly record: DatabaseRecord } | { readonly error: DbClusterError }

/** Who waits for which name. */
export class Askers {
  readonly #answer: (asker: Asker, name: string, outcome: CreationOutcome) => void
  readonly #waiting = new Map<string, Asker[]>()

  constructor(answer: (asker: Asker, name: string, outcome: CreationOutcome) => void) {
    this.#answer = answer
  }

  /** Notes an asker once. @returns false when there are too many, which it is told */
  add(name: string, asker: Asker): boolean {
    const askers = this.#waiting.get(name) ?? []
    if (askers.some((other) => other.peerId === asker.peerId && other.askId === asker.askId)) return true
    if (this.#waiting.size >= MAX_NAMES || askers.length >= MAX_ASKERS_PER_NAME) {
      this.#answer(asker, name, { error: overloaded('databases are being created through this node', MAX_NAMES) })
      return false
    }
    this.#waiting.set(name, [...askers, asker])
    return true
  }

  has(name: string): boolean {
    return this.#waiting.has(name)
  }

  /** Answers everybody who waits for this name. */
  close(name: string, outcome: CreationOutcome): void {
    const askers = this.#waiting.get(name) ?? []
    this.#waiting.delete(name)
    for (const asker of askers) this.#answer(asker, name, outcome)
  }
}
