import type { MetadataTable } from '@dbcluster/metadata'
import {
  type AcceptorEntry,
  type DatabaseRecord,
  type MetadataRecord,
  type NodeMessage,
  type Roster,
  type RosterMember,
  recordKey,
} from '@dbcluster/protocol'
import type { CoordinatorConfig } from './config.js'
import type { CoordinatorEffect } from './events.js'

/** Records in one gossip or direct message. */
const RECORDS_PER_MESSAGE = 100

/** Nodes that learn of a change directly, besides the gossip to all. */
export interface Telling {
  readonly directly: readonly string[]
}

/** What the parts of the core share: this node's memory, the input of the current step, and the effects it yields. */
export class CoreContext {
  readonly config: CoordinatorConfig
  readonly self: RosterMember
  /** This node in vector clocks. */
  readonly actor: string
  readonly table: MetadataTable
  readonly acceptors = new Map<string, AcceptorEntry>()
  /** Names whose remembered generation ended and that may still lack their tombstone. */
  readonly ended = new Set<string>()
  readonly connected = new Set<string>()
  /** Told of each record that changed, within the step that changed it. */
  onRecordChanged: (record: MetadataRecord) => void = () => {}
  /** Told of each newer roster, within the step that brought it. */
  onRosterChanged: () => void = () => {}
  roster: Roster | undefined
  nowMs = 0
  /** 32 fresh hex characters with each step; {@link freshId} makes ids of them. */
  entropy = ''
  #effects: CoordinatorEffect[] = []
  #freshIds = 0

  constructor(init: { config: CoordinatorConfig; self: RosterMember; table: MetadataTable }) {
    this.config = init.config
    this.self = init.self
    this.actor = init.table.actor
    this.table = init.table
  }

  /** The input of one step. */
  beginStep(input: { readonly nowMs: number; readonly entropy: string }): void {
    this.nowMs = input.nowMs
    this.entropy = input.entropy
    this.#freshIds = 0
  }

  /** 32 hex characters nobody can guess, other ones each time within a step. */
  freshId(): string {
    const tail = (Number.parseInt(this.entropy.slice(24), 16) + this.#freshIds) % 2 ** 32
    this.#freshIds += 1
    return this.entropy.slice(0, 24) + tail.toString(16).padStart(8, '0')
  }

  emit(effect: CoordinatorEffect): void {
    this.#effects.push(effect)
  }

  takeEffects(): readonly CoordinatorEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  log(
    level: 'info' | 'warn' | 'error' | 'debug',
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.emit({ type: 'log', level, message, fields })
  }

  persist(key: string, value: unknown): void {
    this.emit({ type: 'persist', writes: [{ key, value }] })
  }

  /** To one node, ourselves included: the shell brings a message to ourselves back as an event. */
  send(to: string, message: NodeMessage): void {
    this.emit({ type: 'send', to, message })
  }

  sendToRoster(message: NodeMessage): void {
    for (const member of this.roster?.members ?? []) this.send(member.peerId, message)
  }

  isMember(peerId: string): boolean {
    return this.roster?.members.some((member) => member.peerId === peerId) ?? false
  }

  /** Whether this node, with the store it has now, is an acceptor. */
  get admitted(): boolean {
    const own = this.roster?.members.find((member) => member.peerId === this.self.peerId)
    return own?.incarnation === this.self.incarnation
  }

  /** Whether a node can be spoken to now. */
  isLive(peerId: string): boolean {
    return peerId === this.self.peerId || this.connected.has(peerId)
  }

  /**
   * This node's place in the roster, from 0 up to, not including, 1: waits that depend on it differ from node to node,
   * so that proposers do not chase each other, and are bounded however long the roster is.
   */
  get turn(): number {
    const members = this.roster?.members ?? []
    const at = members.findIndex((member) => member.peerId === this.self.peerId)
    return Math.max(0, at) / Math.max(1, members.length)
  }

  /** Members that can be spoken to now, in the roster's order. */
  liveMembers(): string[] {
    return (this.roster?.members ?? []).map((member) => member.peerId).filter((peerId) => this.isLive(peerId))
  }

  /** Whether so many votes, cast in this epoch, are a majority; none are once the roster has moved on. */
  isMajority(count: number, epoch: number): boolean {
    return this.roster?.epoch === epoch && count > this.roster.members.length / 2
  }

  /** Takes an entry up into memory; {@link rememberAcceptor} puts it on disk too. */
  learnAcceptor(entry: AcceptorEntry): void {
    this.acceptors.set(entry.name, entry)
    if (entry.deleted) this.ended.add(entry.name)
    else this.ended.delete(entry.name)
  }

  rememberAcceptor(entry: AcceptorEntry): void {
    this.learnAcceptor(entry)
    this.persist(`acceptor/${entry.name}`, entry)
  }

  /** Takes in records from elsewhere; whatever changed is kept as {@link keep} says. */
  merge(records: readonly MetadataRecord[], tell?: Telling): void {
    this.keep(this.table.merge(records).changed, tell)
  }

  /**
   * Keeps records that changed: on disk, and told to the shell and to the other parts of the core. With `tell`, other
   * nodes learn of them too: everybody by gossip, and directly those it concerns, since gossip is at most once.
   */
  keep(changed: readonly MetadataRecord[], tell?: Telling): void {
    for (const record of changed) {
      this.persist(`record/${recordKey(record)}`, record)
      this.emit({ type: 'recordChanged', record })
    }
    if (tell !== undefined && changed.length > 0) this.#tell(changed, tell.directly)
    for (const record of changed) this.onRecordChanged(record)
  }

  #tell(records: readonly MetadataRecord[], directly: readonly string[]): void {
    for (let at = 0; at < records.length; at += RECORDS_PER_MESSAGE) {
      const message: NodeMessage = { type: 'METADATA_UPDATE', records: records.slice(at, at + RECORDS_PER_MESSAGE) }
      for (const peerId of directly) if (peerId !== this.self.peerId) this.send(peerId, message)
      this.emit({ type: 'publish', message })
    }
  }

  /** Sends records to one node, in messages of bounded size. */
  sendRecords(to: string, records: readonly MetadataRecord[]): void {
    for (let at = 0; at < records.length; at += RECORDS_PER_MESSAGE) {
      this.send(to, { type: 'METADATA_UPDATE', records: records.slice(at, at + RECORDS_PER_MESSAGE) })
    }
  }

  /** A database that can be used: chosen for good and not deleted. */
  usable(name: string): DatabaseRecord | undefined {
    const record = this.table.database(name)
    return record?.established && !record.deleted ? record : undefined
  }
}
