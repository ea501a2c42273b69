import type { DatabaseStatusResult } from '@dbcluster/client'
import { eventually, type TestGateway } from '@dbcluster/testkit'
import type { Host } from '../cluster/machine.js'
import type { Member } from '../cluster/member.js'
import type { TortureCluster } from '../cluster/torture-cluster.js'
import type { HistoryWriter } from '../history/history-writer.js'
import type { Random } from '../random.js'
import type { Load } from '../workload/load.js'

/** How long a question about the state of things may take, at one node. */
const ASK_LIMIT_MS = 1_500

/** What faults have at hand. */
export interface FieldInit {
  readonly cluster: TortureCluster
  readonly history: HistoryWriter
  readonly random: Random
  readonly load: Load
  readonly databases: readonly string[]
  /** The fault that is under way, for whoever tells of the progress. */
  readonly onFault: (fault: string | undefined) => void
}

/** The cluster as faults see it: who is there, who leads, and what is to be written down. */
export class Field {
  readonly cluster: TortureCluster
  readonly random: Random
  readonly load: Load
  readonly databases: readonly string[]
  /** Nodes that were given up, until they return. */
  readonly lost = new Set<Member>()
  readonly #init: FieldInit

  constructor(init: FieldInit) {
    this.#init = init
    this.cluster = init.cluster
    this.random = init.random
    this.load = init.load
    this.databases = init.databases
  }

  /** Nodes that are meant to be up. */
  get members(): readonly Member[] {
    return this.cluster.members.filter((member) => !this.lost.has(member))
  }

  get gateways(): readonly TestGateway[] {
    return this.cluster.gateways
  }

  /** Every host but the gateways'. */
  get hosts(): readonly Host[] {
    return [...this.members.map(({ host }) => host), this.cluster.machine.clients]
  }

  /** What the nodes say of a database; the first one that answers is believed. */
  async status(database: string): Promise<DatabaseStatusResult | undefined> {
    for (const { peerId, node } of this.members) {
      if (!node.running) continue
      try {
        return await this.cluster.line.ask(peerId, { op: 'status', database }, { timeoutMs: ASK_LIMIT_MS })
      } catch {
        // Paused, cut off or just starting: the next one.
      }
    }
    return undefined
  }

  /** The node whose replica leads, as far as that can be learnt now. */
  async leaderOf(database: string): Promise<Member | undefined> {
    const leader = (await this.status(database))?.replicas.find((replica) => replica.leader)?.peer_id
    return this.members.find(({ peerId }) => peerId === leader)
  }

  /** Writes down that the clusters led by this node lose their leader now. */
  async deposing(member: Member, how: string): Promise<void> {
    const led = await Promise.all(
      this.databases.map(async (name) => ((await this.leaderOf(name)) === member ? [name] : [])),
    )
    for (const database of led.flat()) this.#init.history.add({ type: 'leaderless', database, how })
  }

  leaderless(database: string, how: string): void {
    this.#init.history.add({ type: 'leaderless', database, how })
  }

  begin(fault: string, what: string): void {
    this.#init.history.add({ type: 'fault', fault, phase: 'begin', what })
    this.#init.onFault(`${fault} (${what})`)
  }

  end(fault: string, what: string): void {
    this.#init.history.add({ type: 'fault', fault, phase: 'end', what })
    this.#init.onFault(undefined)
  }

  skip(fault: string, why: string): void {
    this.#init.history.add({ type: 'fault', fault, phase: 'skip', what: why })
  }

  note(what: string): void {
    this.#init.history.add({ type: 'note', what })
  }

  problem(what: string): void {
    this.#init.history.add({ type: 'problem', what })
  }

  /** Starts nodes that are down; one that won't come up is a problem. */
  async start(members: readonly Member[]): Promise<void> {
    await Promise.all(
      members.map(async ({ node, name }) => {
        if (node.running) return
        await node.start().catch((error: unknown) => this.problem(`${name} does not start: ${String(error)}`))
      }),
    )
  }

  /** Waits until all replicas of a database serve, none of them on the node `without`. @returns whether that came about */
  async recovered(database: string, limitMs: number, without?: Member): Promise<boolean> {
    return eventually(`${database} is whole`, () => this.isWhole(database, without), { limitMs, everyMs: 250 }).then(
      () => true,
      () => false,
    )
  }

  /** Whether all replicas of a database serve now, none of them on the node `without`. */
  async isWhole(database: string, without?: Member): Promise<boolean> {
    const replicas = (await this.status(database))?.replicas ?? []
    const serving = replicas.filter(({ status, peer_id }) => status === 'active' && peer_id !== without?.peerId)
    return serving.length === replicas.length && replicas.length >= 3
  }
}
