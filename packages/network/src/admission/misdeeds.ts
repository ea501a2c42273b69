import type { Logger } from '@dbcluster/protocol'
import { BOUNDS } from '../bounds.js'
import { Penalties } from '../peers/penalties.js'

/** What peers do wrong, and how much of what is forgiven each one uses up. */
const WEIGHTS = {
  framingViolations: 2,
  admissionsRefused: 4,
  streamsRefused: 1,
  gossipRejected: 1,
} as const satisfies Record<string, number>

/** A mistyped key is worth a line, a flood of peers without one isn't worth many. */
const WARN_EVERY_MS = 10_000

/** A kind of misdeed; also its name among the host's counters. */
export type Misdeed = keyof typeof WEIGHTS

export interface MisdeedsInit {
  readonly logger: Logger
  readonly disconnect: (peerId: string, error: Error) => void
}

/** Counts misdeeds, and shuts out who goes on. Kept over restarts of the host. */
export class Misdeeds {
  readonly counts = {
    framingViolations: 0,
    admissionsRefused: 0,
    streamsRefused: 0,
    gossipRejected: 0,
    peersShutOut: 0,
  }
  readonly #init: MisdeedsInit
  readonly #penalties: Penalties
  #warnedMs = Number.NEGATIVE_INFINITY

  constructor(init: MisdeedsInit) {
    this.#init = init
    this.#penalties = new Penalties({
      nowMs: () => performance.now(),
      onBanned: (peerId, forMs) => this.#shutOut(peerId, forMs),
    })
  }

  /** Counts one; the peer may be disconnected by it. */
  add(peerId: string, misdeed: Misdeed, reason: string): void {
    this.counts[misdeed]++
    const { logger } = this.#init
    const nowMs = performance.now()
    if (misdeed === 'admissionsRefused' && nowMs - this.#warnedMs > WARN_EVERY_MS) {
      this.#warnedMs = nowMs
      logger.warn('A peer could not prove that it holds the cluster key', { peer: peerId, reason })
    } else {
      logger.debug('A peer misbehaved', { peer: peerId, misdeed, reason })
    }
    this.#penalties.strike(peerId, WEIGHTS[misdeed])
  }

  /** Why this peer may not connect now, if so. */
  refusal(peerId: string): string | undefined {
    const forMs = this.#penalties.bannedForMs(peerId)
    return forMs > 0 ? `it misbehaved and is shut out for ${Math.ceil(forMs / 1_000)} s more` : undefined
  }

  #shutOut(peerId: string, forMs: number): void {
    this.counts.peersShutOut++
    this.#init.logger.warn('Shut out a peer that misbehaved repeatedly', { peer: peerId, ms: forMs })
    this.#init.disconnect(peerId, new Error(`more than ${BOUNDS.strikes} misdeeds`))
  }
}
