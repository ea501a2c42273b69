import type { CoordinatorEffect } from '@dbcluster/coordinator'
import type { DatabaseRecord, MetadataRecord } from '@dbcluster/protocol'
import type { SimNode } from '../sim-node.js'
import type { World } from '../world.js'
import type { ChosenSlot } from './votes.js'

/** Chosen in place of a cluster that never gathered. */
const VOID_CLUSTER_ID = '0'.repeat(32)

/** What tables and callers came to believe, held against what was chosen. */
export class Outcomes {
  readonly #world: World
  readonly #fail: (invariant: string, message: string) => never
  readonly #established = new Map<string, string>()
  readonly #deleteAsked = new Set<string>()
  /** The generation up to which a name is known to have ended. */
  readonly #ended = new Map<string, number>()

  constructor(world: World, fail: (invariant: string, message: string) => never) {
    this.#world = world
    this.#fail = fail
  }

  /** Somebody asked for the deletion of this name: from here on its tombstone is legitimate. */
  deleteAsked(name: string): void {
    this.#deleteAsked.add(name)
  }

  /** The generation of this name that ended last; 0 when none did. */
  endedGeneration(name: string): number {
    return this.#ended.get(name) ?? 0
  }

  chosen({ name, generation, clusterId }: ChosenSlot): void {
    if (clusterId !== 'ended') this.#establish(name, generation, clusterId)
  }

  recordChanged(node: SimNode, record: MetadataRecord): void {
    if (record.kind !== 'database') return
    const { name, decree, established, deleted } = record
    const { generation, clusterId } = decree
    if (established) {
      this.#establish(name, generation, clusterId)
      const chosen = this.#world.monitor.votes.chosenFor(name, generation)
      if (chosen !== clusterId)
        this.#fail('I1 chosen first', `${node.peerId} holds ${name} as established, which no majority chose`)
    }
    if (!deleted) return
    const key = `${name}/${generation}`
    const { votes } = this.#world.monitor
    if (!votes.hasEnded(name, generation) && votes.chosenFor(name, generation) !== VOID_CLUSTER_ID)
      this.#fail('I1 ended first', `${node.peerId} holds ${key} as ended, which no majority decided`)
    const lived = this.#established.has(key) && this.#established.get(key) !== VOID_CLUSTER_ID
    if (lived && !this.#deleteAsked.has(name))
      this.#fail('I1 for good', `${key} was established and is deleted on ${node.peerId}, though nobody asked for that`)
    this.#ended.set(name, Math.max(generation, this.endedGeneration(name)))
  }

  answered(node: SimNode, { askId, result }: Extract<CoordinatorEffect, { type: 'answer' }>): void {
    if (!result.ok || askId.startsWith('delete')) return
    const { record } = result
    const { name, decree, established, deleted } = record
    if (!established || deleted) this.#fail('I1 answer', `${node.peerId} answered ${name} with a record nobody can use`)
    const voters = this.#world.fabric.record(decree.clusterId)?.peakVoters ?? 0
    if (voters < decree.replicationFactor)
      this.#fail('I1 voters', `${name} is answered with ${voters} of ${decree.replicationFactor} voters ever there`)
  }

  /** Records that say an ended generation lives. */
  resurrected(records: readonly DatabaseRecord[]): DatabaseRecord[] {
    return records.filter(({ name, decree, deleted }) => !deleted && decree.generation <= this.endedGeneration(name))
  }

  #establish(name: string, generation: number, clusterId: string): void {
    const key = `${name}/${generation}`
    const known = this.#established.get(key)
    if (known !== undefined && known !== clusterId)
      this.#fail('I1 one cluster', `${key} is established as ${known} and as ${clusterId}`)
    this.#established.set(key, clusterId)
  }
}
