import type { DatabaseRecord, DeclineReason, NodeMessageOf, ReplicaAssignment } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { PortOffer } from '../events.js'
import { wasAt } from './repair-facts.js'

/** Prefix of the leases of replacements, by which they are told from those of creations. */
const LEASE_PREFIX = 'repair/'
/** How long a newcomer waits for the word to join before it takes itself back: longer than its start, dial and room may take. */
const WARM_MS = 90_000

/** An offer of ours, from the question to the confirmation. */
interface Offer {
  readonly leaseKey: string
  readonly from: string
  readonly repairId: string
  readonly name: string
  readonly clusterId: string
  readonly assignment?: ReplicaAssignment
  readonly untilMs: number
}

/** A replica that was taken in and is no member yet. */
interface Warm {
  readonly from: string
  readonly repairId: string
  readonly raftId: string
  readonly untilMs: number
}

/** What taking replicas in needs of the other parts. */
export interface NewcomerComponents {
  /** Why this node takes in nothing now. */
  readonly declines: (name: string) => DeclineReason | undefined
  /** Starts a replica that is a member of nothing, in place of whatever of that name is here. */
  readonly takeIn: (record: DatabaseRecord, assignment: ReplicaAssignment, leaseKey: string) => void
  readonly join: (name: string, raftId: string, addresses: readonly string[]) => void
  /** Removes a replica that is no member, if it is this one. */
  readonly discard: (name: string, raftId: string, reason: string) => void
  /** Whether a replica that is a member, or may be one, is here. */
  readonly holdsMember: (name: string) => boolean
  readonly hosted: () => number
}

/** This node as the one that takes a replica in: offers room, starts rqlited as a member of nothing, joins when told. */
export class Newcomers {
  readonly #context: CoreContext
  readonly #components: NewcomerComponents
  readonly #offers = new Map<string, Offer>()
  readonly #warm = new Map<string, Warm>()

  constructor(context: CoreContext, components: NewcomerComponents) {
    this.#context = context
    this.#components = components
  }

  /** Whether a lease is one of these. */
  static owns(leaseKey: string): boolean {
    return leaseKey.startsWith(LEASE_PREFIX)
  }

  /** Names with an offer out. */
  names(): readonly string[] {
    return [...this.#offers.values()].map((offer) => offer.name)
  }

  onNeeded(from: string, message: NodeMessageOf<'NODE_REPLACEMENT_NEEDED'>): void {
    if (!this.#context.isMember(from)) return
    this.#context.merge([message.record])
    const { name, clusterId, repairId } = message
    const declined = this.#declines(name, clusterId)
    if (declined !== undefined) return this.#answer(from, message, { declined })
    const leaseKey = `${LEASE_PREFIX}${name}/${repairId}`
    const untilMs = this.#context.nowMs + this.#context.config.offerMs
    this.#offers.set(leaseKey, { leaseKey, from, repairId, name, clusterId, untilMs })
    this.#context.emit({ type: 'leasePorts', leaseKey })
  }

  onPortsLeased(leaseKey: string, ports: PortOffer): void {
    const offer = this.#offers.get(leaseKey)
    const record = offer === undefined ? undefined : this.#context.usable(offer.name)
    if (offer === undefined || record?.decree.clusterId !== offer.clusterId) {
      this.#offers.delete(leaseKey)
      return this.#context.emit({ type: 'releasePorts', leaseKey })
    }
    if (wasAt(record, ports)) {
      this.#context.emit({ type: 'releasePorts', leaseKey })
      return this.onPortsRefused(leaseKey, 'no_ports')
    }
    const { peerId, incarnation } = this.#context.self
    // Never used before: a server that Raft struck off can so be told from every later one.
    const raftId = `${peerId}.${incarnation}.${record.decree.generation}.${this.#context.freshId()}`
    const assignment = { peerId, raftId, ...ports }
    this.#offers.set(leaseKey, { ...offer, assignment })
    this.#answer(offer.from, offer, { offer: assignment })
  }

  onPortsRefused(leaseKey: string, declined: DeclineReason): void {
    const offer = this.#offers.get(leaseKey)
    this.#offers.delete(leaseKey)
    if (offer !== undefined) this.#answer(offer.from, offer, { declined })
  }

  onConfirm(from: string, message: NodeMessageOf<'NODE_REPLACEMENT_CONFIRM'>): void {
    const { name, clusterId, repairId, assignment } = message
    const offer = [...this.#offers.values()].find((held) => held.repairId === repairId && held.from === from)
    const record = this.#context.usable(name)
    const holds = offer?.assignment?.raftId === assignment.raftId && record?.decree.clusterId === clusterId
    if (offer?.assignment === undefined || record === undefined || !holds)
      return this.#tellReady(from, message, { ready: false, error: 'its offer is no longer held' })
    if (this.#components.holdsMember(name))
      return this.#tellReady(from, message, { ready: false, error: 'a replica of it is here' })
    this.#offers.delete(offer.leaseKey)
    const untilMs = this.#context.nowMs + WARM_MS
    this.#warm.set(name, { from, repairId, raftId: assignment.raftId, untilMs })
    this.#components.takeIn(record, offer.assignment, offer.leaseKey)
  }

  /** The rqlited of a replica that was taken in is up, or will not be. */
  onStarted(name: string, clusterId: string, error: string | undefined): void {
    const warm = this.#warm.get(name)
    if (warm === undefined) return
    const { from, repairId } = warm
    this.#tellReady(
      from,
      { name, clusterId, repairId },
      error === undefined ? { ready: true } : { ready: false, error },
    )
    if (error === undefined) return
    this.#warm.delete(name)
    this.#components.discard(name, warm.raftId, error)
  }

  onJoin(from: string, { name, raftId, addresses }: NodeMessageOf<'NODE_REPLACEMENT_JOIN'>): void {
    if (!this.#context.isMember(from)) return
    if (this.#warm.get(name)?.raftId === raftId) this.#warm.delete(name)
    this.#components.join(name, raftId, addresses)
  }

  onCancel(from: string, { name, raftId }: NodeMessageOf<'NODE_REPLACEMENT_CANCEL'>): void {
    if (!this.#context.isMember(from)) return
    for (const offer of [...this.#offers.values()])
      if (offer.assignment?.raftId === raftId) this.#release(offer.leaseKey)
    if (this.#warm.get(name)?.raftId === raftId) this.#warm.delete(name)
    this.#components.discard(name, raftId, 'its replacement was broken off')
  }

  tick(): void {
    const { nowMs } = this.#context
    for (const offer of [...this.#offers.values()]) if (offer.untilMs <= nowMs) this.#release(offer.leaseKey)
    for (const [name, { raftId, untilMs }] of [...this.#warm]) {
      if (nowMs < untilMs) continue
      this.#warm.delete(name)
      this.#components.discard(name, raftId, 'nobody let it join')
    }
  }

  nextDeadlineMs(): number {
    const waits = [...this.#offers.values(), ...this.#warm.values()].map(({ untilMs }) => untilMs)
    return Math.min(Number.POSITIVE_INFINITY, ...waits)
  }

  #declines(name: string, clusterId: string): DeclineReason | undefined {
    const record = this.#context.usable(name)
    if (record?.decree.clusterId !== clusterId || this.#components.holdsMember(name)) return 'busy'
    if (record.decree.rqliteMajor !== this.#context.config.rqliteMajor) return 'rqlite_major'
    const atOnce = this.#offers.size + this.#warm.size
    if (atOnce >= this.#context.config.replacementsAtOnce) return 'busy'
    return this.#components.declines(name)
  }

  #release(leaseKey: string): void {
    const offer = this.#offers.get(leaseKey)
    this.#offers.delete(leaseKey)
    // Ports that are still being looked for are released when they come.
    if (offer?.assignment !== undefined) this.#context.emit({ type: 'releasePorts', leaseKey })
  }

  #answer(
    to: string,
    about: { readonly name: string; readonly clusterId: string; readonly repairId: string },
    more: { readonly offer: ReplicaAssignment } | { readonly declined: DeclineReason },
  ): void {
    const { name, clusterId, repairId } = about
    const { maxDatabases } = this.#context.config
    const room = { databases: this.#components.hosted(), maxDatabases }
    this.#context.send(to, { type: 'NODE_REPLACEMENT_OFFER', name, clusterId, repairId, ...room, ...more })
  }

  #tellReady(
    to: string,
    about: { readonly name: string; readonly clusterId: string; readonly repairId: string },
    outcome: { readonly ready: boolean; readonly error?: string },
  ): void {
    const { name, clusterId, repairId } = about
    const error = outcome.error === undefined ? {} : { error: outcome.error.slice(-2_000) }
    this.#context.send(to, {
      type: 'NODE_REPLACEMENT_READY',
      name,
      clusterId,
      repairId,
      ready: outcome.ready,
      ...error,
    })
  }
}
