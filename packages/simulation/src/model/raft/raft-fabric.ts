import type { Random } from '../../random.js'
import type { Schedule } from '../../schedule.js'
import { ClusterRecord, type OnBroken } from './cluster-ledger.js'
import { RaftGroup } from './raft-group.js'
import type { RaftServer } from './raft-server.js'

export interface RaftFabricInit {
  readonly schedule: Schedule
  readonly random: Random
  readonly isReachable: (peerId: string, other: string) => boolean
  readonly onBroken: OnBroken
}

/** Every rqlited that runs anywhere, by the address it listens at, and every cluster that there ever was. */
export class RaftFabric {
  readonly #init: RaftFabricInit
  readonly #groups = new Map<string, RaftGroup>()
  readonly #listening = new Map<string, RaftServer>()

  constructor(init: RaftFabricInit) {
    this.#init = init
  }

  /** Everything that is known of a cluster; undefined when it was never bootstrapped. */
  record(clusterId: string): ClusterRecord | undefined {
    return this.#groups.get(clusterId)?.record
  }

  records(): ClusterRecord[] {
    return [...this.#groups.values()].map(({ record }) => record)
  }

  group(clusterId: string, name: string): RaftGroup {
    const known = this.#groups.get(clusterId)
    if (known !== undefined) return known
    const { schedule, random, isReachable, onBroken } = this.#init
    const record = new ClusterRecord({ clusterId, name, onBroken })
    const group = new RaftGroup({ schedule, random, isReachable, record, at: (address) => this.at(address) })
    this.#groups.set(clusterId, group)
    return group
  }

  groupOf(server: RaftServer): RaftGroup {
    return this.group(server.clusterId, server.clusterId)
  }

  isReachable(peerId: string, other: string): boolean {
    return peerId === other || this.#init.isReachable(peerId, other)
  }

  /** Later, in the same time as everything here. */
  after(delayMs: number, run: () => void): void {
    this.#init.schedule.after(delayMs, run)
  }

  at(address: string): RaftServer | undefined {
    return this.#listening.get(address)
  }

  start(server: RaftServer): void {
    this.#listening.set(server.address, server)
    this.groupOf(server).start(server)
  }

  stop(server: RaftServer, options: { readonly stepDown: boolean }): void {
    if (this.#listening.get(server.address) === server) this.#listening.delete(server.address)
    this.groupOf(server).stop(server, options)
  }

  /** Some connection was cut or came back, or somebody was paused: all may have noticed. */
  changed(): void {
    for (const group of this.#groups.values()) group.wake()
  }
}
