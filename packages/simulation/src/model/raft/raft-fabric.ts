import type { Random } from '../../random.js'
import type { Schedule } from '../../schedule.js'
import { ClusterRecord, type OnBroken } from './cluster-ledger.js'
import { RaftGroup } from './raft-group.js'
import type { RaftLog } from './raft-log.js'
import type { RaftServer } from './raft-server.js'

export interface RaftFabricInit {
  readonly schedule: Schedule
  readonly random: Random
  readonly isReachable: (peerId: string, other: string) => boolean
  readonly onBroken: OnBroken
  /** A member went on alone, with this log. */
  readonly onRecovered?: (record: ClusterRecord, log: RaftLog) => void
}

/** One history of a cluster: how often it was recovered from one replica alone. */
export interface History {
  readonly clusterId: string
  readonly recovery: number
}

/** Every rqlited that runs anywhere, by the address it listens at, and every cluster that there ever was. */
export class RaftFabric {
  readonly #init: RaftFabricInit
  readonly #groups = new Map<string, RaftGroup>()
  readonly #latest = new Map<string, number>()
  readonly #listening = new Map<string, RaftServer>()

  constructor(init: RaftFabricInit) {
    this.#init = init
  }

  /** Everything that is known of a cluster, of its latest history or a certain one; undefined when there was none. */
  record(clusterId: string, recovery = this.#latest.get(clusterId) ?? 0): ClusterRecord | undefined {
    return this.#groups.get(keyOf({ clusterId, recovery }))?.record
  }

  group({ clusterId, recovery }: History, name: string): RaftGroup {
    const key = keyOf({ clusterId, recovery })
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const { schedule, random, isReachable, onBroken } = this.#init
    const record = new ClusterRecord({ clusterId, recovery, name, onBroken })
    const group = new RaftGroup({ schedule, random, isReachable, record, at: (address) => this.at(address) })
    this.#groups.set(key, group)
    return group
  }

  groupOf(server: RaftServer): RaftGroup {
    return this.group(server, server.clusterId)
  }

  /** A member goes on alone, with what its log has: the history that counts from now on. */
  begin(history: History, name: string, survivor: { readonly raftId: string; readonly log: RaftLog }): void {
    const before = this.record(history.clusterId)
    const { record } = this.group(history, name)
    record.begins(survivor.raftId, survivor.log, before)
    this.#latest.set(history.clusterId, Math.max(history.recovery, before?.recovery ?? 0))
    this.#init.onRecovered?.(record, survivor.log)
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

const keyOf = ({ clusterId, recovery }: History): string => `${clusterId}/${recovery}`
