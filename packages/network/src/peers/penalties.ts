import { BOUNDS } from '../bounds.js'

interface Record {
  strikes: number
  lastMs: number
  /** How often it was shut out already. */
  bans: number
  bannedUntilMs: number
}

export interface PenaltiesInit {
  /** Milliseconds on a clock that never jumps. */
  readonly nowMs: () => number
  /** The peer is to be disconnected. */
  readonly onBanned: (peerId: string, forMs: number) => void
}

/** Counts what peers do wrong. A few times is forgiven and forgotten; more shuts a peer out for a while, longer each time. */
export class Penalties {
  readonly #init: PenaltiesInit
  readonly #peers = new Map<string, Record>()

  constructor(init: PenaltiesInit) {
    this.#init = init
  }

  /** `weight` is how many of the forgiven ones this one counts for. @default 1 */
  strike(peerId: string, weight = 1): void {
    const nowMs = this.#init.nowMs()
    const record = this.#record(peerId)
    if (record.bannedUntilMs > nowMs) return
    if (nowMs - record.lastMs > BOUNDS.strikeMemoryMs) record.strikes = 0
    record.strikes += weight
    record.lastMs = nowMs
    if (record.strikes < BOUNDS.strikes) return
    const forMs = Math.min(BOUNDS.banMinMs * 2 ** record.bans, BOUNDS.banMaxMs)
    record.strikes = 0
    record.bans++
    record.bannedUntilMs = nowMs + forMs
    this.#init.onBanned(peerId, forMs)
  }

  /** Milliseconds until the peer may come back; 0 when it may. */
  bannedForMs(peerId: string): number {
    return Math.max(0, (this.#peers.get(peerId)?.bannedUntilMs ?? 0) - this.#init.nowMs())
  }

  #record(peerId: string): Record {
    const known = this.#peers.get(peerId)
    if (known !== undefined) {
      this.#peers.delete(peerId)
      this.#peers.set(peerId, known)
      return known
    }
    const record = { strikes: 0, lastMs: Number.NEGATIVE_INFINITY, bans: 0, bannedUntilMs: 0 }
    this.#peers.set(peerId, record)
    const [oldest] = this.#peers.keys()
    if (this.#peers.size > BOUNDS.knownPeers && oldest !== undefined) this.#peers.delete(oldest)
    return record
  }
}
