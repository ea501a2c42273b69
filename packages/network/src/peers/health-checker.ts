import { BOUNDS } from '../bounds.js'
import {
  checkTimeoutMs,
  type HealthEvent,
  type HealthRecord,
  judgeUnanswered,
  nextHealth,
  UNKNOWN_HEALTH,
} from './health.js'

export interface HealthCheckerInit {
  readonly intervalMs: number
  readonly isConnected: (peerId: string) => boolean
  readonly isWanted: (peerId: string) => boolean
  /** Asks the peer for a sign of life. @throws when it doesn't come within the time */
  readonly check: (peerId: string, timeoutMs: number) => Promise<void>
  readonly onChanged: (peerId: string) => void
  /** A connected peer became unhealthy: its connection is no good, and stands in the way of a new one. */
  readonly onDeadConnection: (peerId: string) => void
}

interface Tracked {
  record: HealthRecord
  lastSeenMs: number | undefined
  lastSeenAt: Date | undefined
  lastHeardMs: number
  checking: boolean
}

/** Checks each tracked peer at a fixed interval and keeps what `nextHealth` makes of it. */
export class HealthChecker {
  readonly #init: HealthCheckerInit
  readonly #peers = new Map<string, Tracked>()
  readonly #startedMs = performance.now()
  #timer: NodeJS.Timeout | undefined

  constructor(init: HealthCheckerInit) {
    this.#init = init
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#checkAll(), this.#init.intervalMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  of(peerId: string): Readonly<Tracked> | undefined {
    return this.#peers.get(peerId)
  }

  /** Begins to check this peer, at once if it is connected. */
  track(peerId: string): void {
    if (!this.#peers.has(peerId)) {
      const tracked = { record: UNKNOWN_HEALTH, lastSeenMs: undefined, lastSeenAt: undefined }
      this.#peers.set(peerId, { ...tracked, lastHeardMs: Number.NEGATIVE_INFINITY, checking: false })
      this.#forgetSurplus(peerId)
    }
    if (this.#timer !== undefined && this.#init.isConnected(peerId)) void this.#check(peerId)
  }

  untrack(peerId: string): void {
    this.#peers.delete(peerId)
  }

  /** The present as `lastSeenMs` and `lastSeenAt`. */
  now(): { readonly lastSeenMs: number; readonly lastSeenAt: Date } {
    return { lastSeenMs: this.#nowMs(), lastSeenAt: new Date() }
  }

  /** Any frame from a peer is a sign of life. */
  heard(peerId: string): void {
    const tracked = this.#peers.get(peerId)
    if (tracked !== undefined) tracked.lastHeardMs = this.#nowMs()
  }

  disconnected(peerId: string): void {
    this.#apply(peerId, 'disconnected')
  }

  #checkAll(): void {
    for (const peerId of [...this.#peers.keys()]) void this.#check(peerId)
  }

  async #check(peerId: string): Promise<void> {
    const tracked = this.#peers.get(peerId)
    if (tracked === undefined || tracked.checking) return
    if (!this.#init.isConnected(peerId)) return this.#apply(peerId, 'missed')
    tracked.checking = true
    const startedMs = this.#nowMs()
    const timeoutMs = checkTimeoutMs(this.#init.intervalMs)
    let event: HealthEvent | undefined = 'answered'
    try {
      await this.#init.check(peerId, timeoutMs)
    } catch {
      const heardMeanwhile = tracked.lastHeardMs > startedMs
      event = judgeUnanswered({ timeoutMs, tookMs: this.#nowMs() - startedMs, heardMeanwhile })
    }
    tracked.checking = false
    if (event !== undefined && this.#timer !== undefined) this.#apply(peerId, event)
  }

  #apply(peerId: string, event: HealthEvent): void {
    const tracked = this.#peers.get(peerId)
    if (tracked === undefined) return
    if (event === 'answered') {
      Object.assign(tracked, this.now())
    }
    const before = tracked.record.state
    tracked.record = nextHealth(tracked.record, event)
    if (tracked.record.state === before) return
    this.#init.onChanged(peerId)
    if (tracked.record.state === 'unhealthy' && this.#init.isConnected(peerId)) this.#init.onDeadConnection(peerId)
  }

  #nowMs(): number {
    return performance.now() - this.#startedMs
  }

  #forgetSurplus(newest: string): void {
    for (const peerId of this.#peers.keys()) {
      if (this.#peers.size <= BOUNDS.knownPeers) return
      if (peerId !== newest && !this.#init.isWanted(peerId)) this.#peers.delete(peerId)
    }
  }
}
