import type { NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from './context.js'

/** Entries or keys in one message. */
const KEYS_PER_MESSAGE = 2_000

/** How often the next peer is compared with while this node has not caught up since its start. */
const UNSYNCED_MS = 1_000

/** Anti-entropy: whatever gossip lost is found by comparing digests with one peer at a time. */
export class Sync {
  readonly #context: CoreContext
  #nextMs = 0
  #lastPeer = ''
  /** Members that held the same as this node at some time since its start. */
  readonly #equals = new Set<string>()
  /** Told once, when this node has caught up with a majority. */
  onSynced: () => void = () => {}

  constructor(context: CoreContext) {
    this.#context = context
  }

  /** Whether this node has, since its start, held the same as others who are a majority of the roster with it. */
  get synced(): boolean {
    const { roster, self } = this.#context
    if (roster === undefined) return false
    const equal = roster.members.filter(({ peerId }) => peerId === self.peerId || this.#equals.has(peerId))
    return equal.length > roster.members.length / 2
  }

  /** A peer appeared: compare at once. */
  greet(peerId: string): void {
    this.#context.send(peerId, { type: 'METADATA_DIGEST', buckets: this.#context.table.digest() })
  }

  /** Only what differs is listed; an equal peer costs one message and no answer. */
  onDigest(from: string, message: NodeMessageOf<'METADATA_DIGEST'>): void {
    const buckets = this.#context.table.differingBuckets(message.buckets)
    if (buckets.length === 0) {
      this.#onEqual(from)
      if (message.answer === true) this.greet(from)
    }
    for (const group of this.#groups(buckets)) this.#context.send(from, { type: 'METADATA_ENTRIES', ...group })
  }

  onEntries(from: string, message: NodeMessageOf<'METADATA_ENTRIES'>): void {
    const { want, send } = this.#context.table.compare(message.buckets, message.entries)
    this.#context.sendRecords(from, send)
    for (let at = 0; at < want.length; at += KEYS_PER_MESSAGE) {
      this.#context.send(from, { type: 'METADATA_WANT', keys: want.slice(at, at + KEYS_PER_MESSAGE) })
    }
  }

  onWant(from: string, message: NodeMessageOf<'METADATA_WANT'>): void {
    this.#context.sendRecords(
      from,
      message.keys.flatMap((key) => this.#context.table.get(key) ?? []),
    )
  }

  tick(): void {
    const { nowMs, config } = this.#context
    if (nowMs < this.#nextMs) return
    // After a start, what is here may be acted upon only once others were found to hold the same.
    const { synced } = this
    this.#nextMs = nowMs + (synced ? config.antiEntropyMs : Math.min(config.antiEntropyMs, UNSYNCED_MS))
    const peers = [...this.#context.connected].filter((peerId) => this.#context.isMember(peerId)).sort()
    const next = peers.find((peerId) => peerId > this.#lastPeer) ?? peers[0]
    if (next === undefined) return
    this.#lastPeer = next
    const { roster } = this.#context
    if (roster !== undefined) this.#context.send(next, { type: 'NODE_ROSTER', roster })
    if (synced) return this.greet(next)
    this.#context.send(next, { type: 'METADATA_DIGEST', buckets: this.#context.table.digest(), answer: true })
  }

  nextDeadlineMs(): number {
    return this.#nextMs
  }

  #onEqual(peerId: string): void {
    if (this.#equals.has(peerId) || !this.#context.isMember(peerId)) return
    const before = this.synced
    this.#equals.add(peerId)
    if (!before && this.synced) this.onSynced()
  }

  #groups(buckets: readonly number[]): { buckets: number[]; entries: { key: string; hash: string }[] }[] {
    const groups: { buckets: number[]; entries: { key: string; hash: string }[] }[] = []
    let group: { buckets: number[]; entries: { key: string; hash: string }[] } = { buckets: [], entries: [] }
    for (const bucket of buckets) {
      group.buckets.push(bucket)
      group.entries.push(...this.#context.table.entries([bucket]))
      if (group.entries.length < KEYS_PER_MESSAGE) continue
      groups.push(group)
      group = { buckets: [], entries: [] }
    }
    return group.buckets.length === 0 ? groups : [...groups, group]
  }
}
