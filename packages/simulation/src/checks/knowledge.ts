import type { AcceptorEntry, Roster } from '@dbcluster/protocol'
import type { World } from '../world.js'
import type { ChosenSlot } from './votes.js'

/**
 * What was chosen must be in the memory of every majority of the newest roster: else a change of the roster, or a lost
 * store, has opened the way for a second choice, even if nobody has taken it yet.
 */
export class Knowledge {
  readonly #world: World
  readonly #fail: (message: string) => never
  readonly #slots = new Map<string, ChosenSlot>()
  #newest: Roster | undefined

  constructor(world: World, fail: (message: string) => never) {
    this.#world = world
    this.#fail = fail
  }

  add(slot: ChosenSlot): void {
    this.#slots.set(`${slot.name}/${slot.generation}`, slot)
    this.#check(slot)
  }

  learnRoster(roster: Roster): void {
    if (this.#newest !== undefined && this.#newest.epoch >= roster.epoch) return
    this.#newest = roster
    this.checkAll()
  }

  checkAll(): void {
    for (const slot of this.#slots.values()) this.#check(slot)
  }

  #check(slot: ChosenSlot): void {
    const members = this.#newest?.members ?? []
    const ignorant = members.filter(({ peerId, incarnation }) => {
      const node = this.#world.nodes.find((other) => other.peerId === peerId)
      return node?.incarnation === incarnation && !knows(node.store.get(`acceptor/${slot.name}`), slot)
    })
    if (ignorant.length <= members.length / 2) return
    const who = ignorant.map(({ peerId }) => peerId).join(', ')
    this.#fail(
      `${slot.name}/${slot.generation} is chosen (${slot.clusterId}), yet a majority of epoch ${this.#newest?.epoch} has no memory of it: ${who}`,
    )
  }
}

const knows = (stored: unknown, slot: ChosenSlot): boolean => {
  const entry = stored as AcceptorEntry | undefined
  if (entry === undefined || entry.generation < slot.generation) return false
  if (entry.generation > slot.generation || entry.deleted) return true
  return entry.accepted?.established === true && entry.accepted.decree.clusterId === slot.clusterId
}
