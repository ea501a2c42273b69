import type { DatabaseRecord, DeclineReason, NodeMessageOf, Roster } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { PortOffer } from '../events.js'
import { accept, end, promise, type Verdict } from './acceptor.js'
import { Leases } from './leases.js'

type CreateRequest = NodeMessageOf<'DATABASE_CREATE_REQUEST'>

/** This node as an acceptor: promises, votes, and the offer of room that goes with a promise. */
export class Voting {
  readonly leases: Leases
  readonly #context: CoreContext
  readonly #hostedNames: () => Iterable<string>
  #stopping = false
  /** An operator empties this node. */
  draining = false

  constructor(context: CoreContext, hostedNames: () => Iterable<string>) {
    this.#context = context
    this.#hostedNames = hostedNames
    this.leases = new Leases(context)
  }

  /** From now on nothing is hosted here any more; votes are still given. */
  stopOffering(): void {
    this.#stopping = true
  }

  onCreateRequest(from: string, message: CreateRequest): void {
    const reply = { ...keyOf(message), type: 'DATABASE_CREATE_RESPONSE', promised: false } as const
    const refusal = this.#refusal(message)
    if (refusal !== undefined) return this.#context.send(from, { ...reply, ...refusal })
    const verdict = promise(this.#context.acceptors.get(message.name), message)
    if (!verdict.granted) return this.#context.send(from, { ...reply, ...this.#explain(verdict, message.name) })
    this.#context.rememberAcceptor(verdict.entry)
    this.leases.releaseUpTo(message, verdict.entry.accepted?.decree)
    const declined = this.#declines(message)
    if (declined !== undefined) return this.#answer(from, message, { declined })
    this.leases.begin(from, message)
  }

  onPortsLeased(leaseKey: string, ports: PortOffer): void {
    const offer = this.leases.onLeased(leaseKey)
    if (offer === undefined) return
    const { peerId, incarnation } = this.#context.self
    const { generation, ballot } = offer.request
    const raftId = `${peerId}.${incarnation}.${generation}.${ballot.round}`
    this.#answer(offer.from, offer.request, { offer: { peerId, raftId, ...ports } })
  }

  onPortsRefused(leaseKey: string, reason: DeclineReason): void {
    const offer = this.leases.onRefused(leaseKey)
    if (offer !== undefined) this.#answer(offer.from, offer.request, { declined: reason })
  }

  onConfirm(from: string, message: NodeMessageOf<'DATABASE_CREATE_CONFIRM'>): void {
    const reply = { ...keyOf(message), type: 'DATABASE_CREATE_ACCEPTED', established: message.established } as const
    const refusal = this.#refusal(message)
    if (refusal !== undefined) return this.#context.send(from, { ...reply, accepted: false, ...refusal })
    const verdict = accept(this.#context.acceptors.get(message.name), message, message)
    if (!verdict.granted)
      return this.#context.send(from, { ...reply, accepted: false, ...this.#explain(verdict, message.name) })
    this.#context.rememberAcceptor(verdict.entry)
    this.leases.releaseUpTo(message, message.decree)
    this.#context.send(from, { ...reply, accepted: true })
  }

  onDelete(from: string, message: NodeMessageOf<'DATABASE_DELETE_REQUEST'>): void {
    const reply = { type: 'DATABASE_DELETE_RESPONSE', name: message.name, requestId: message.requestId } as const
    const refusal = this.#outOfEpoch(message.epoch)
    if (refusal !== undefined) return this.#context.send(from, { ...reply, done: false, ...refusal })
    // Whoever remembers the end also knows what ended: no acceptor refuses a name that it can't explain.
    this.#context.merge([message.record])
    this.#context.rememberAcceptor(end(this.#context.acceptors.get(message.name), message))
    this.#context.send(from, { ...reply, done: true })
  }

  /** What is offered for a decree that was overtaken is needed no more. */
  onRecord({ name, decree, established, deleted }: DatabaseRecord): void {
    const { generation, ballot } = decree
    this.leases.releaseUpTo({ name, generation, ...(established || deleted ? {} : { ballot }) }, decree)
  }

  #answer(to: string, request: CreateRequest, more: Partial<NodeMessageOf<'DATABASE_CREATE_RESPONSE'>>): void {
    const entry = this.#context.acceptors.get(request.name)
    if (entry === undefined || entry.generation !== request.generation) return
    const { accepted } = entry
    const vote = accepted === undefined ? {} : { accepted }
    this.#context.send(to, { ...keyOf(request), type: 'DATABASE_CREATE_RESPONSE', promised: true, ...vote, ...more })
  }

  #declines(message: CreateRequest): DeclineReason | undefined {
    if (message.rqliteMajor !== this.#context.config.rqliteMajor) return 'rqlite_major'
    return this.declinesToHost(message.name)
  }

  /** Why no replica of this name is taken in here now. */
  declinesToHost(name: string): DeclineReason | undefined {
    if (this.#stopping) return 'stopping'
    if (this.draining) return 'draining'
    // A replica of this very name makes room for the one that takes its place.
    const taken = new Set([...this.#hostedNames(), ...this.leases.namesBesides(name)])
    taken.delete(name)
    return taken.size >= this.#context.config.maxDatabases || this.leases.overloaded ? 'full' : undefined
  }

  /** Why this message may not be voted on at all, with what the asker has to learn. */
  #refusal(message: {
    readonly name: string
    readonly generation: number
    readonly epoch: number
  }): { roster?: Roster; record?: DatabaseRecord } | undefined {
    const outOfEpoch = this.#outOfEpoch(message.epoch)
    if (outOfEpoch !== undefined) return outOfEpoch
    const record = this.#context.table.database(message.name)
    if (record === undefined) return undefined
    const { generation } = record.decree
    const settled =
      generation > message.generation || (generation === message.generation && (record.deleted || record.established))
    return settled ? { record } : undefined
  }

  /** Only an acceptor of this very epoch may vote in it. Another one says which it knows: one of the two is behind. */
  #outOfEpoch(epoch: number): { roster?: Roster } | undefined {
    const { roster, admitted } = this.#context
    if (admitted && roster?.epoch === epoch) return undefined
    return roster === undefined || roster.epoch === epoch ? {} : { roster }
  }

  #explain(
    verdict: Verdict & { granted: false },
    name: string,
  ): { highest?: CreateRequest['ballot']; record?: DatabaseRecord } {
    if (verdict.why === 'promisedHigher') return { highest: verdict.highest }
    const record = this.#context.table.database(name)
    return record === undefined ? {} : { record }
  }
}

const keyOf = ({
  name,
  generation,
  ballot,
  epoch,
}: Pick<CreateRequest, 'name' | 'generation' | 'ballot' | 'epoch'>) => ({
  name,
  generation,
  ballot,
  epoch,
})
