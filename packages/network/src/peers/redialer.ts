import type { Logger } from '@dbcluster/protocol'
import { BOUNDS } from '../bounds.js'
import { redialDelayMs } from './backoff.js'

/** Failed dials after which the peer is looked up in the routing table, and again after as many more. */
const LOOKUP_EVERY = 3

export interface RedialerInit {
  readonly logger: Logger
  readonly isConnected: (peerId: string) => boolean
  readonly dial: (peerId: string) => Promise<unknown>
  /** Looks for other addresses of a peer; those found are used by the next dial. */
  readonly lookUp: (peerId: string) => Promise<void>
}

interface Wanted {
  failures: number
  connectedMs: number | undefined
  timer: NodeJS.Timeout | undefined
  dialling: boolean
}

/** Keeps a connection to each wanted peer: libp2p itself dials once and never again. */
export class Redialer {
  readonly #init: RedialerInit
  readonly #wanted = new Map<string, Wanted>()
  #running = false

  constructor(init: RedialerInit) {
    this.#init = init
  }

  start(): void {
    this.#running = true
    for (const peerId of this.#wanted.keys()) this.#attempt(peerId)
  }

  stop(): void {
    this.#running = false
    for (const wanted of this.#wanted.values()) clearTimeout(wanted.timer)
  }

  isWanted(peerId: string): boolean {
    return this.#wanted.has(peerId)
  }

  wantedPeers(): readonly string[] {
    return [...this.#wanted.keys()]
  }

  /** Also when it was wanted before: new addresses are tried at once. */
  want(peerId: string): void {
    const known = this.#wanted.get(peerId)
    if (known === undefined) {
      this.#wanted.set(peerId, { failures: 0, connectedMs: undefined, timer: undefined, dialling: false })
    } else {
      known.failures = 0
    }
    this.#attempt(peerId)
  }

  unwant(peerId: string): void {
    clearTimeout(this.#wanted.get(peerId)?.timer)
    this.#wanted.delete(peerId)
  }

  connected(peerId: string): void {
    const wanted = this.#wanted.get(peerId)
    if (wanted === undefined) return
    clearTimeout(wanted.timer)
    wanted.connectedMs = performance.now()
  }

  disconnected(peerId: string): void {
    const wanted = this.#wanted.get(peerId)
    if (wanted === undefined) return
    const lived = performance.now() - (wanted.connectedMs ?? Number.POSITIVE_INFINITY)
    wanted.failures = lived < BOUNDS.stableConnectionMs ? wanted.failures + 1 : 0
    wanted.connectedMs = undefined
    this.#schedule(peerId, wanted)
  }

  #schedule(peerId: string, wanted: Wanted): void {
    clearTimeout(wanted.timer)
    if (!this.#running || this.#wanted.get(peerId) !== wanted) return
    wanted.timer = setTimeout(() => this.#attempt(peerId), redialDelayMs(wanted.failures, Math.random()))
  }

  #attempt(peerId: string): void {
    const wanted = this.#wanted.get(peerId)
    if (wanted === undefined || !this.#running || wanted.dialling || this.#init.isConnected(peerId)) return
    clearTimeout(wanted.timer)
    wanted.dialling = true
    this.#init
      .dial(peerId)
      .catch(async (error: unknown) => {
        wanted.failures++
        this.#init.logger.debug('Dialling a peer failed', {
          peer: peerId,
          failures: wanted.failures,
          error: String(error),
        })
        if (wanted.failures % LOOKUP_EVERY === 0) await this.#init.lookUp(peerId)
      })
      .catch((error: unknown) =>
        this.#init.logger.debug('Looking a peer up failed', { peer: peerId, error: String(error) }),
      )
      .finally(() => {
        wanted.dialling = false
        if (!this.#init.isConnected(peerId)) this.#schedule(peerId, wanted)
      })
  }
}
