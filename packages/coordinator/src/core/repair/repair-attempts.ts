import type { DatabaseRecord, NodeMessageOf } from '@dbcluster/protocol'
import { describeDeclines } from '../consensus/proposal.js'
import type { CoreContext } from '../context.js'
import type { RaftSeen } from './repair-events.js'
import type { VoterStanding } from './repair-plan.js'
import { chooseOffer, type Repair, type Watch } from './repair-state.js'

/** How long offers are waited for: nobody waits for the replacement, so a node that is slow to answer is waited for. */
const ASK_MS = 4_000
/** How long the chosen node may take to start its rqlited. */
const START_MS = 15_000
/** How long it may take to be reached from here. */
const DIAL_MS = 10_000
/** How long room for it may take to be made; the removal of a dead voter takes milliseconds. */
const ROOM_MS = 30_000
/** How long it may take until Raft's configuration holds it. */
const JOIN_MS = 30_000
/** How often it is told to join while it does not. */
const JOIN_AGAIN_MS = 3_000
/** How long a node is asked last that a newcomer failed on. */
const SHUN_MS = 60_000
/** The pause after a fruitless attempt: doubled each time, up to the second. */
const RETRY_MS = { first: 2_000, longest: 60_000 } as const

/** Brings in newcomers, from the node that decides: asks for room, chooses, has rqlited started there, lets it join. */
export class RepairAttempts {
  readonly #context: CoreContext
  readonly #lastJoinMs = new Map<string, number>()

  constructor(context: CoreContext) {
    this.#context = context
  }

  begin(
    name: string,
    watch: Watch,
    about: { readonly record: DatabaseRecord; readonly voters: readonly VoterStanding[] },
  ): void {
    const { nowMs } = this.#context
    const candidates = this.#candidates(watch, about.voters)
    if (candidates.length === 0)
      return this.#pause(name, watch, 'no other node of the network is up and free to take it')
    const repairId = this.#context.freshId()
    watch.repair = {
      repairId,
      phase: 'asking',
      startedMs: nowMs,
      deadlineMs: nowMs + ASK_MS,
      asked: candidates,
      offers: [],
      declined: new Map(),
    }
    const { record } = about
    this.#context.log('info', 'A replica must be replaced', {
      database: name,
      dead: about.voters.filter((voter) => voter.condition === 'dead').map((voter) => voter.peerId),
      asked: candidates,
    })
    for (const peerId of candidates)
      this.#context.send(peerId, {
        type: 'NODE_REPLACEMENT_NEEDED',
        name,
        clusterId: watch.clusterId,
        repairId,
        record,
      })
  }

  onOffer(from: string, message: NodeMessageOf<'NODE_REPLACEMENT_OFFER'>, watch: Watch): void {
    const { repair } = watch
    if (repair?.repairId !== message.repairId || repair.phase !== 'asking') return this.#turnDown(from, message)
    const { offer, declined, databases, maxDatabases } = message
    const load = databases / Math.max(1, maxDatabases)
    watch.repair = {
      ...repair,
      offers: offer === undefined ? repair.offers : [...repair.offers, { assignment: offer, load }],
      declined: new Map([...repair.declined, ...(declined === undefined ? [] : [[from, declined] as const])]),
    }
    if (watch.repair.offers.length + watch.repair.declined.size >= repair.asked.length)
      this.#choose(message.name, watch)
  }

  onReady(from: string, message: NodeMessageOf<'NODE_REPLACEMENT_READY'>, watch: Watch): void {
    const { repair } = watch
    if (repair?.repairId !== message.repairId || repair.newcomer?.peerId !== from) return
    if (!message.ready) return this.#fail(message.name, watch, message.error ?? 'its rqlited did not start')
    if (repair.phase !== 'starting') return
    watch.repair = { ...repair, phase: 'dialling', deadlineMs: this.#context.nowMs + DIAL_MS }
    const { host, raftPort } = repair.newcomer
    this.#context.emit({ type: 'dialReplica', name: message.name, repairId: repair.repairId, host, raftPort })
  }

  onDialled(name: string, watch: Watch, outcome: { readonly repairId: string; readonly reached: boolean }): void {
    const { repair } = watch
    if (repair?.repairId !== outcome.repairId || repair.phase !== 'dialling') return
    if (!outcome.reached) return this.#fail(name, watch, 'its Raft port cannot be reached from the node of the leader')
    watch.repair = { ...repair, phase: 'ready', deadlineMs: this.#context.nowMs + ROOM_MS }
    watch.nextLookMs = this.#context.nowMs
  }

  /** There is room: it is told to join, and again while it is not seen among the voters. */
  join(name: string, watch: Watch, view: RaftSeen): void {
    const { repair } = watch
    const { nowMs } = this.#context
    if (repair?.newcomer === undefined) return
    if (repair.phase !== 'joining') watch.repair = { ...repair, phase: 'joining', deadlineMs: nowMs + JOIN_MS }
    else if (nowMs < (this.#lastJoinMs.get(name) ?? 0) + JOIN_AGAIN_MS) return
    this.#lastJoinMs.set(name, nowMs)
    const { peerId, raftId } = repair.newcomer
    const own = view.voters.filter(({ id }) => id === view.raftId)
    const others = view.voters.filter(({ id }) => id !== view.raftId)
    this.#context.send(peerId, {
      type: 'NODE_REPLACEMENT_JOIN',
      name,
      clusterId: watch.clusterId,
      repairId: repair.repairId,
      raftId,
      addresses: [...own, ...others].map(({ address }) => address),
    })
  }

  /** @returns true when the newcomer is a voter now, and the attempt is over */
  finishIfJoined(name: string, watch: Watch, voters: readonly VoterStanding[]): boolean {
    const newcomer = watch.repair?.newcomer
    if (watch.repair === undefined || newcomer === undefined) return false
    if (!voters.some(({ raftId }) => raftId === newcomer.raftId)) return false
    const durationMs = this.#context.nowMs - watch.repair.startedMs
    this.#context.log('info', 'A replica joined', { database: name, peer_id: newcomer.peerId, duration_ms: durationMs })
    this.#end(name, watch)
    watch.failures = 0
    return true
  }

  tick(name: string, watch: Watch): void {
    const { repair } = watch
    if (repair === undefined || this.#context.nowMs < repair.deadlineMs) return
    if (repair.phase === 'asking') return this.#choose(name, watch)
    this.#fail(name, watch, `it did not get further than "${repair.phase}" in time`)
  }

  /** Breaks off: the newcomer, if there is one, is told. One that joins all the same is found among the voters. */
  abandon(name: string, watch: Watch, reason: string): void {
    const { repair } = watch
    if (repair === undefined) return
    this.#context.log('info', 'A replacement was broken off', { database: name, reason })
    this.#cancel(name, watch, repair)
    this.#end(name, watch)
  }

  #choose(name: string, watch: Watch): void {
    const { repair } = watch
    if (repair === undefined) return
    const record = this.#context.usable(name)
    const placed = record?.placement?.replicas ?? record?.decree.replicas ?? []
    const hosts = new Set(placed.filter(({ peerId }) => this.#context.isLive(peerId)).map(({ host }) => host))
    const chosen = chooseOffer(repair.offers, hosts)
    for (const { assignment } of repair.offers)
      if (assignment !== chosen?.assignment) this.#tellCancel(name, watch, assignment.peerId, assignment.raftId)
    if (chosen === undefined) {
      this.#end(name, watch)
      const silent = repair.asked.filter((peerId) => !repair.declined.has(peerId))
      const reasons = [describeDeclines(repair.declined), ...silent.map((peerId) => `no answer from ${peerId}`)]
      return this.#pause(name, watch, reasons.filter((reason) => reason !== '').join(', '))
    }
    const { assignment } = chosen
    const deadlineMs = this.#context.nowMs + START_MS
    watch.repair = { ...repair, phase: 'starting', deadlineMs, newcomer: assignment }
    const { repairId } = repair
    this.#context.send(assignment.peerId, {
      type: 'NODE_REPLACEMENT_CONFIRM',
      name,
      clusterId: watch.clusterId,
      repairId,
      assignment,
    })
  }

  /** Live members without a replica of it that is well; those that failed lately only where there are no others. */
  #candidates(watch: Watch, voters: readonly VoterStanding[]): readonly string[] {
    const { nowMs, table } = this.#context
    const holding = new Set(voters.filter((voter) => voter.condition !== 'dead').map((voter) => voter.peerId))
    const free = this.#context.liveMembers().filter((peerId) => {
      const info = table.node(peerId)?.info.value
      return !holding.has(peerId) && info?.draining !== true && info?.stopping !== true
    })
    const fresh = free.filter((peerId) => (watch.shunned.get(peerId) ?? 0) <= nowMs)
    return fresh.length > 0 ? fresh : free
  }

  #fail(name: string, watch: Watch, reason: string): void {
    const { repair } = watch
    if (repair === undefined) return
    if (repair.newcomer !== undefined) watch.shunned.set(repair.newcomer.peerId, this.#context.nowMs + SHUN_MS)
    this.#cancel(name, watch, repair)
    this.#end(name, watch)
    this.#pause(name, watch, `${repair.newcomer?.peerId ?? 'the newcomer'}: ${reason}`)
  }

  #pause(name: string, watch: Watch, reason: string): void {
    const pauseMs = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** Math.min(watch.failures, 10))
    watch.failures += 1
    watch.retryAtMs = this.#context.nowMs + pauseMs
    watch.nextLookMs = watch.retryAtMs
    this.#context.log('warn', 'A failed node is not replaced', { database: name, reason, again_in_ms: pauseMs })
  }

  #end(name: string, watch: Watch): void {
    watch.repair = undefined
    this.#lastJoinMs.delete(name)
  }

  #cancel(name: string, watch: Watch, { offers, newcomer, phase }: Repair): void {
    // It may be a voter by now: only who reads Raft's configuration afterwards can say that it is none.
    if (phase === 'joining') return
    if (newcomer !== undefined) return this.#tellCancel(name, watch, newcomer.peerId, newcomer.raftId)
    if (phase !== 'asking') return
    for (const { assignment } of offers) this.#tellCancel(name, watch, assignment.peerId, assignment.raftId)
  }

  #tellCancel(name: string, watch: Watch, peerId: string, raftId: string): void {
    this.#context.send(peerId, { type: 'NODE_REPLACEMENT_CANCEL', name, clusterId: watch.clusterId, raftId })
  }

  /** An offer that came too late. */
  #turnDown(from: string, { name, clusterId, offer }: NodeMessageOf<'NODE_REPLACEMENT_OFFER'>): void {
    if (offer === undefined) return
    this.#context.send(from, { type: 'NODE_REPLACEMENT_CANCEL', name, clusterId, raftId: offer.raftId })
  }
}
