import type { NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'

/** Missed checks that a closed connection counts for, with nobody reached since: it speeds suspicion up. */
const DISCONNECTED_CHECKS = 2
/** Intervals that a claim holds for without being repeated; it is repeated at each. */
const CLAIM_INTERVALS = 3

interface Claims {
  readonly unhealthy: ReadonlySet<string>
  readonly untilMs: number
}

/**
 * Which members are dead. Each member claims whom it misses and takes that back when it sees them again; a member is
 * dead when a majority of the roster misses it, this node among them. One observer is never enough.
 */
export class Health {
  readonly #context: CoreContext
  /** Members that this node misses, and since when. */
  readonly #missed = new Map<string, number>()
  /** Members without a connection, and since when. */
  readonly #disconnected = new Map<string, number>()
  readonly #claims = new Map<string, Claims>()
  #nextWordMs = Number.POSITIVE_INFINITY
  /** Told when somebody may have come to count as dead, or no longer does. */
  onChanged: () => void = () => {}

  constructor(context: CoreContext) {
    this.#context = context
  }

  /** The network's checks came to another conclusion. */
  onChecked(peerId: string, healthy: boolean): void {
    if (healthy) this.#see(peerId)
    else this.#miss(peerId)
  }

  onConnected(peerId: string): void {
    this.#disconnected.delete(peerId)
    this.#see(peerId)
  }

  onDisconnected(peerId: string): void {
    this.#claims.delete(peerId)
    if (this.#context.isMember(peerId)) this.#disconnected.set(peerId, this.#context.nowMs)
  }

  onClaims(from: string, { unhealthy, validMs }: NodeMessageOf<'NODE_CLAIMS'>): void {
    if (!this.#context.isMember(from)) return
    this.#claims.set(from, { unhealthy: new Set(unhealthy), untilMs: this.#context.nowMs + validMs })
    this.onChanged()
  }

  /** Whom nobody has ever met since this node's start is missed too; who left the roster no more. */
  onRoster(): void {
    const { connected, nowMs, self } = this.#context
    for (const known of [this.#missed, this.#disconnected, this.#claims])
      for (const peerId of [...known.keys()]) if (!this.#context.isMember(peerId)) known.delete(peerId)
    for (const { peerId } of this.#context.roster?.members ?? [])
      if (peerId !== self.peerId && !connected.has(peerId) && !this.#disconnected.has(peerId))
        this.#disconnected.set(peerId, nowMs)
    this.onChanged()
  }

  /** Whether this node itself misses a member. */
  misses(peerId: string): boolean {
    return this.#missed.has(peerId)
  }

  /** Whether a majority misses it; after a stop that was announced, for longer than its grace. */
  isDead(peerId: string): boolean {
    const sinceMs = this.#missed.get(peerId)
    if (sinceMs === undefined || !this.#isMissedByMajority(peerId)) return false
    const planned = this.#context.table.node(peerId)?.info.value.stopping === true
    return !planned || this.#context.nowMs - sinceMs >= this.#context.config.replacementGraceMs
  }

  /** When the grace of somebody ends. */
  #graceEndsMs(): number {
    const { table, config, nowMs } = this.#context
    const ends = [...this.#missed].map(([peerId, sinceMs]) =>
      table.node(peerId)?.info.value.stopping === true ? sinceMs + config.replacementGraceMs : 0,
    )
    return Math.min(Number.POSITIVE_INFINITY, ...ends.filter((endsMs) => endsMs > nowMs))
  }

  tick(): void {
    const { nowMs } = this.#context
    for (const [peerId, sinceMs] of this.#disconnected)
      if (nowMs >= sinceMs + this.#disconnectedMs && !this.#missed.has(peerId)) this.#miss(peerId)
    for (const [peerId, claims] of this.#claims) if (nowMs >= claims.untilMs) this.#claims.delete(peerId)
    if (nowMs >= this.#nextWordMs) this.#tell()
  }

  nextDeadlineMs(): number {
    let earliestMs = Math.min(this.#nextWordMs, this.#graceEndsMs())
    for (const [peerId, sinceMs] of this.#disconnected)
      if (!this.#missed.has(peerId)) earliestMs = Math.min(earliestMs, sinceMs + this.#disconnectedMs)
    return earliestMs
  }

  get #disconnectedMs(): number {
    return DISCONNECTED_CHECKS * this.#context.config.healthCheckIntervalMs
  }

  #isMissedByMajority(peerId: string): boolean {
    const { roster, self, connected, nowMs } = this.#context
    const claiming = (roster?.members ?? []).filter((member) => {
      if (member.peerId === self.peerId) return true
      const claims = this.#claims.get(member.peerId)
      return (
        claims !== undefined && connected.has(member.peerId) && nowMs < claims.untilMs && claims.unhealthy.has(peerId)
      )
    })
    return roster !== undefined && claiming.length > roster.members.length / 2
  }

  #miss(peerId: string): void {
    if (!this.#context.isMember(peerId) || this.#missed.has(peerId)) return
    this.#missed.set(peerId, this.#context.nowMs)
    const planned = this.#context.table.node(peerId)?.info.value.stopping === true
    this.#context.log('warn', 'A node does not answer', { peer_id: peerId, planned_stop: planned })
    this.#tell()
  }

  #see(peerId: string): void {
    if (!this.#missed.delete(peerId)) return
    this.#context.log('info', 'A node answers again', { peer_id: peerId })
    this.#tell()
  }

  /** Tells every member whom this node misses, again before the last word loses its validity. */
  #tell(): void {
    const { config, nowMs, self } = this.#context
    const validMs = CLAIM_INTERVALS * config.healthCheckIntervalMs
    const message = { type: 'NODE_CLAIMS', unhealthy: [...this.#missed.keys()].sort(), validMs } as const
    for (const peerId of this.#context.liveMembers()) if (peerId !== self.peerId) this.#context.send(peerId, message)
    this.#nextWordMs = this.#missed.size === 0 ? Number.POSITIVE_INFINITY : nowMs + config.healthCheckIntervalMs
    this.onChanged()
  }
}
