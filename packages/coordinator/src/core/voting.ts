import type { AcceptorEntry, DatabaseRecord, NodeMessageOf, Roster } from '@dbcluster/protocol'
import { accept, end, promise, type Verdict } from './acceptor.js'
import type { CoreContext } from './context.js'
import type { PortOffer } from './events.js'

/** Offers that may wait for ports at once; further askers are told that this node is full. */
const MAX_PENDING_OFFERS = 1_000

type CreateRequest = NodeMessageOf<'DATABASE_CREATE_REQUEST'>

/** How a lease of ports is named: one per name and ballot, so that a losing ballot releases just its own. */
export const leaseKeyOf = (slot: {
  readonly name: string
  readonly generation: number
  readonly ballot: { readonly round: number; readonly proposer: string }
}): string => `${slot.name}/${slot.generation}/${slot.ballot.round}/${slot.ballot.proposer}`

/** This node as an acceptor: promises, votes, and the offer of room that goes with a promise. */
export class Voting {
  readonly #context: CoreContext
  readonly #hosted: () => number
  readonly #pendingOffers = new Map<string, { readonly from: string; readonly request: CreateRequest }>()
  /** Leases that were offered and neither confirmed nor released yet, by name. */
  readonly #leases = new Map<string, Set<string>>()
  #stopping = false

  constructor(context: CoreContext, hosted: () => number) {
    this.#context = context
    this.#hosted = hosted
  }

  /** From now on nothing is hosted here any more; votes are still given. */
  stopOffering(): void {
    this.#stopping = true
  }

  onCreateRequest(from: string, message: CreateRequest): void {
    const refusal = this.#refusal(message)
    if (refusal !== undefined)
      return this.#context.send(from, {
        ...keyOf(message),
        type: 'DATABASE_CREATE_RESPONSE',
        promised: false,
        ...refusal,
      })
    const verdict = promise(this.#context.acceptors.get(message.name), message)
    if (!verdict.granted) {
      return this.#context.send(from, {
        ...keyOf(message),
        type: 'DATABASE_CREATE_RESPONSE',
        promised: false,
        ...this.#explain(verdict, message.name),
      })
    }
    this.#context.rememberAcceptor(verdict.entry)
    this.#releaseLeases(message.name)
    const declined = this.#declines(message)
    if (declined !== undefined) return this.#answer(from, message, { declined })
    const leaseKey = leaseKeyOf(message)
    this.#pendingOffers.set(leaseKey, { from, request: message })
    this.#context.emit({ type: 'leasePorts', leaseKey })
  }

  onPortsLeased(leaseKey: string, offer: PortOffer): void {
    const pending = this.#pendingOffers.get(leaseKey)
    if (pending === undefined) return this.#context.emit({ type: 'releasePorts', leaseKey })
    this.#pendingOffers.delete(leaseKey)
    const { from, request } = pending
    const held = this.#leases.get(request.name) ?? new Set<string>()
    this.#leases.set(request.name, held.add(leaseKey))
    const { peerId } = this.#context.self
    const raftId = `${peerId}.${request.generation}.${request.ballot.round}`
    this.#answer(from, request, { offer: { peerId, raftId, ...offer } })
  }

  onPortsRefused(leaseKey: string, reason: 'full' | 'no_ports' | 'disk' | 'rqlite_major' | 'stopping'): void {
    const pending = this.#pendingOffers.get(leaseKey)
    this.#pendingOffers.delete(leaseKey)
    if (pending !== undefined) this.#answer(pending.from, pending.request, { declined: reason })
  }

  onConfirm(from: string, message: NodeMessageOf<'DATABASE_CREATE_CONFIRM'>): void {
    const reply = { ...keyOf(message), type: 'DATABASE_CREATE_ACCEPTED', established: message.established } as const
    const refusal = this.#refusal(message)
    if (refusal !== undefined) return this.#context.send(from, { ...reply, accepted: false, ...refusal })
    const verdict = accept(this.#context.acceptors.get(message.name), message, message)
    if (!verdict.granted)
      return this.#context.send(from, { ...reply, accepted: false, ...this.#explain(verdict, message.name) })
    this.#context.rememberAcceptor(verdict.entry)
    const chosenHere = message.decree.replicas.some((replica) => replica.peerId === this.#context.self.peerId)
    if (!chosenHere) this.#releaseLeases(message.name)
    this.#context.send(from, { ...reply, accepted: true })
  }

  onAbort(message: NodeMessageOf<'DATABASE_CREATE_ABORT'>): void {
    const leaseKey = leaseKeyOf(message)
    this.#pendingOffers.delete(leaseKey)
    const held = this.#leases.get(message.name)
    if (held?.delete(leaseKey)) this.#context.emit({ type: 'releasePorts', leaseKey })
    if (held?.size === 0) this.#leases.delete(message.name)
  }

  onDelete(from: string, message: NodeMessageOf<'DATABASE_DELETE_REQUEST'>): void {
    const reply = { type: 'DATABASE_DELETE_RESPONSE', name: message.name, requestId: message.requestId } as const
    const roster = this.#staleRoster(message.epoch)
    if (roster !== undefined) return this.#context.send(from, { ...reply, done: false, roster })
    if (!this.#context.admitted) return
    this.#context.rememberAcceptor(end(this.#context.acceptors.get(message.name), message))
    this.#context.send(from, { ...reply, done: true })
  }

  /** The lease behind an assignment became a replica's; it is no longer the creation's to release. */
  takeLease(name: string, leaseKey: string): void {
    this.#leases.get(name)?.delete(leaseKey)
    this.#context.emit({ type: 'confirmPorts', leaseKey, name })
    this.#releaseLeases(name)
  }

  /** Replicas that may come to be placed here: what is promised to somebody counts as room taken. */
  get reserved(): number {
    return this.#pendingOffers.size + this.#leases.size
  }

  #answer(to: string, request: CreateRequest, more: Partial<NodeMessageOf<'DATABASE_CREATE_RESPONSE'>>): void {
    const accepted = this.#context.acceptors.get(request.name)?.accepted
    const current = this.#context.acceptors.get(request.name)
    if (current === undefined || current.generation !== request.generation) return
    this.#context.send(to, {
      ...keyOf(request),
      type: 'DATABASE_CREATE_RESPONSE',
      promised: true,
      ...(accepted === undefined ? {} : { accepted }),
      ...more,
    })
  }

  #declines(message: CreateRequest): 'stopping' | 'rqlite_major' | 'full' | undefined {
    if (this.#stopping) return 'stopping'
    if (message.rqliteMajor !== this.#context.config.rqliteMajor) return 'rqlite_major'
    const taken = this.#hosted() + this.reserved
    return taken >= this.#context.config.maxDatabases || this.#pendingOffers.size >= MAX_PENDING_OFFERS
      ? 'full'
      : undefined
  }

  /** Why this message may not be voted on at all, with what the asker has to learn. */
  #refusal(message: {
    readonly name: string
    readonly generation: number
    readonly epoch: number
  }): { roster?: Roster; record?: DatabaseRecord } | undefined {
    const roster = this.#staleRoster(message.epoch)
    if (roster !== undefined) return { roster }
    if (!this.#context.admitted || message.epoch !== this.#context.roster?.epoch) return {}
    const record = this.#context.table.database(message.name)
    if (record === undefined) return undefined
    const { generation } = record.decree
    const settled =
      generation > message.generation || (generation === message.generation && (record.deleted || record.established))
    return settled ? { record } : undefined
  }

  #staleRoster(epoch: number): Roster | undefined {
    const { roster } = this.#context
    return roster !== undefined && epoch < roster.epoch ? roster : undefined
  }

  #explain(
    verdict: Verdict & { granted: false },
    name: string,
  ): { highest?: AcceptorEntry['promised']; record?: DatabaseRecord } {
    if (verdict.why === 'promisedHigher') return { highest: verdict.highest }
    const record = this.#context.table.database(name)
    return record === undefined ? {} : { record }
  }

  #releaseLeases(name: string): void {
    for (const leaseKey of this.#leases.get(name) ?? []) this.#context.emit({ type: 'releasePorts', leaseKey })
    this.#leases.delete(name)
  }
}

const keyOf = ({
  name,
  generation,
  ballot,
  epoch,
}: Pick<CreateRequest, 'name' | 'generation' | 'ballot' | 'epoch'>) => ({ name, generation, ballot, epoch })
