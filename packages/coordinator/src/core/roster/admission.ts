import type { NodeMessageOf } from '@dbcluster/protocol'
import { MemoryReader, rememberAll } from '../consensus/memory-reader.js'
import type { CoreContext } from '../context.js'

/** A read without a page for this many retries is begun anew. */
const READ_STALLED_RETRIES = 3

/**
 * A newcomer's way into the roster: learn the roster, copy what a majority of its acceptors remember, ask. A roster
 * that moved on meanwhile means to copy again.
 */
export class Admission {
  readonly #context: CoreContext
  #reader: MemoryReader | undefined
  #readProgressMs = 0
  #syncedEpoch = 0
  #nextAskMs = 0
  #lastAsked = ''

  constructor(context: CoreContext) {
    this.#context = context
  }

  /** Somebody appeared who could be asked. */
  hurry(): void {
    this.#nextAskMs = Math.min(this.#nextAskMs, this.#context.nowMs)
  }

  /** The roster is known, perhaps a newer one. */
  onRoster(): void {
    const { roster, self, nowMs, admitted } = this.#context
    if (admitted || roster === undefined) return
    if (this.#reader?.epoch === roster.epoch || this.#syncedEpoch === roster.epoch) return
    if (roster.members.some((member) => member.peerId === self.peerId)) return // our old self goes first
    this.#reader = new MemoryReader(`${self.incarnation}-${roster.epoch}-${nowMs}`, roster)
    this.#readProgressMs = nowMs
    this.#reader.begin((to, message) => this.#context.send(to, message))
  }

  onPage(from: string, message: NodeMessageOf<'NODE_ACCEPTOR_PAGE'>): void {
    const reader = this.#reader
    if (reader === undefined || this.#context.admitted) return
    this.#readProgressMs = this.#context.nowMs
    const next = reader.onPage(from, message)
    if (next !== undefined) this.#context.send(from, next)
    if (!reader.complete) return
    this.#reader = undefined
    rememberAll(this.#context, reader.entries)
    this.#syncedEpoch = reader.epoch
    this.#ask(from)
  }

  tick(): void {
    const { nowMs, config, connected, admitted } = this.#context
    if (admitted || nowMs < this.#nextAskMs) return
    this.#nextAskMs = nowMs + config.retryMs
    const peers = [...connected].sort()
    const next = peers.find((peerId) => peerId > this.#lastAsked) ?? peers[0]
    if (next === undefined) return
    this.#lastAsked = next
    if (nowMs - this.#readProgressMs > READ_STALLED_RETRIES * config.retryMs) this.#reader = undefined
    this.#ask(next)
  }

  nextDeadlineMs(): number {
    return this.#context.admitted ? Number.POSITIVE_INFINITY : this.#nextAskMs
  }

  #ask(peerId: string): void {
    const { self } = this.#context
    this.#context.send(peerId, { type: 'NODE_JOIN_REQUEST', member: self, syncedEpoch: this.#syncedEpoch })
  }
}
