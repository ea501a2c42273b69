import type { AcceptorEntry, NodeMessageOf, Roster } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import { learn } from './acceptor.js'

/**
 * Gathers what a majority of one epoch's acceptors remember, page by page. Whatever that epoch or an earlier one
 * chose is in the result: two majorities of one roster meet, and so do majorities of rosters one change apart.
 */
export class MemoryReader {
  readonly readId: string
  readonly epoch: number
  readonly #members: readonly string[]
  readonly #entries = new Map<string, AcceptorEntry>()
  readonly #done = new Set<string>()

  constructor(readId: string, roster: Roster) {
    this.readId = readId
    this.epoch = roster.epoch
    this.#members = roster.members.map((member) => member.peerId)
  }

  /** The first question to each acceptor. */
  begin(send: (to: string, message: NodeMessageOf<'NODE_ACCEPTOR_READ'>) => void): void {
    for (const peerId of this.#members) send(peerId, this.#ask(''))
  }

  /** Takes in one page. @returns the next question to that acceptor, if it has more */
  onPage(from: string, page: NodeMessageOf<'NODE_ACCEPTOR_PAGE'>): NodeMessageOf<'NODE_ACCEPTOR_READ'> | undefined {
    if (page.readId !== this.readId || page.epoch !== this.epoch || !this.#members.includes(from)) return undefined
    for (const entry of page.entries) this.#entries.set(entry.name, learn(this.#entries.get(entry.name), entry))
    if (!page.last) return this.#ask(page.entries.at(-1)?.name ?? page.after)
    this.#done.add(from)
    return undefined
  }

  get complete(): boolean {
    return this.#done.size > this.#members.length / 2
  }

  get entries(): readonly AcceptorEntry[] {
    return [...this.#entries.values()]
  }

  #ask(after: string): NodeMessageOf<'NODE_ACCEPTOR_READ'> {
    return { type: 'NODE_ACCEPTOR_READ', readId: this.readId, epoch: this.epoch, after }
  }
}

/** Entries on one page. */
const ENTRIES_PER_PAGE = 200

/** One page of an acceptor's memory, in the order of names. */
export const pageOf = (
  acceptors: ReadonlyMap<string, AcceptorEntry>,
  after: string,
): { entries: AcceptorEntry[]; last: boolean } => {
  const names = [...acceptors.keys()].filter((name) => name > after).sort()
  const entries = names.slice(0, ENTRIES_PER_PAGE).flatMap((name) => acceptors.get(name) ?? [])
  return { entries, last: names.length <= ENTRIES_PER_PAGE }
}

/** Adds what others remember to this node's own memory, on disk before anything is said about it. */
export const rememberAll = (context: CoreContext, entries: readonly AcceptorEntry[]): void => {
  for (const entry of entries) {
    const known = context.acceptors.get(entry.name)
    const learnt = learn(known, entry)
    // Those who stay know most of it already: nothing is written twice.
    if (JSON.stringify(learnt) !== JSON.stringify(known)) context.rememberAcceptor(learnt)
  }
}

/** Entries in one message to those who stay. */
const ENTRIES_PER_STORE = 200

/** The messages that hand a memory over. Messages to one peer stay in order: the answer to the last stands for all. */
export const storeMessages = (reader: MemoryReader): readonly NodeMessageOf<'NODE_ACCEPTOR_STORE'>[] => {
  const { entries, epoch, readId } = reader
  const parts = Math.max(1, Math.ceil(entries.length / ENTRIES_PER_STORE))
  return Array.from({ length: parts }, (_, part) => ({
    type: 'NODE_ACCEPTOR_STORE',
    storeId: part === parts - 1 ? readId : `${readId}/${part}`,
    epoch,
    entries: entries.slice(part * ENTRIES_PER_STORE, (part + 1) * ENTRIES_PER_STORE),
  }))
}
