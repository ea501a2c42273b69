import type { ReplicaStart } from '@dbcluster/coordinator'
import { Machine } from '../model/machine.js'
import { RaftFabric } from '../model/raft/raft-fabric.js'
import { Random } from '../random.js'
import { Schedule } from '../schedule.js'
import type { LabView, RaftLab, Return } from './raft-lab.js'

const NAME = 'app_lab'
const CLUSTER_ID = 'c'.repeat(32)
const ANSWER_MS = 1_500
const LOOK_MS = 20

const quiet = { ready: () => {}, gathered: () => {}, failed: () => {}, warmed: () => {}, lost: () => {} }

/** The model, one machine per member, in virtual time. */
export class ModelLab implements RaftLab {
  readonly #schedule = new Schedule()
  readonly #random: Random
  readonly #fabric: RaftFabric
  readonly #machines = new Map<string, Machine>()
  readonly #ports = new Map<string, number>()
  readonly #broken: string[] = []
  #writes = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#fabric = new RaftFabric({
      schedule: this.#schedule,
      random: this.#random,
      isReachable: () => true,
      onBroken: (invariant, message) => this.#broken.push(`${invariant}: ${message}`),
    })
  }

  /** What Raft must never do and did. */
  get broken(): readonly string[] {
    return this.#broken
  }

  async bootstrap(member: string): Promise<void> {
    await this.#start(member, { kind: 'bootstrap' })
  }

  async join(member: string, through: readonly string[]): Promise<void> {
    await this.#start(member, { kind: 'join', addresses: through.map((other) => this.#address(other)) })
  }

  async warm(member: string): Promise<void> {
    await this.#start(member, { kind: 'warm' })
  }

  async move(members: readonly string[]): Promise<void> {
    for (const member of members) this.#ports.set(member, this.#port(member) + 1)
  }

  async comeBack(member: string, how: Return = {}): Promise<void> {
    if (how.moved) await this.move([member])
    const addresses = (how.join ?? []).map((other) => this.#address(other))
    const peers = (how.peers ?? []).map((id) => ({ id, address: this.#address(id) }))
    if (how.peers !== undefined) return this.#start(member, { kind: 'recover', peers })
    if (how.join !== undefined) return this.#start(member, { kind: 'rejoin', addresses })
    return this.#start(member, { kind: 'restart' })
  }

  async stop(member: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#machine(member).halt(NAME, { stepDown: signal === 'SIGTERM' }, () => {})
    await this.pass(50)
  }

  async pause(member: string): Promise<void> {
    this.#machine(member).freeze(NAME, true)
  }

  async resume(member: string): Promise<void> {
    this.#machine(member).freeze(NAME, false)
  }

  async write(member: string, key: string, value: number): Promise<boolean> {
    const server = this.#machine(member).server(NAME)
    if (server === undefined) return false
    this.#writes += 1
    const write = { id: `w${this.#writes}`, key, value }
    let acknowledged = false
    this.#fabric.groupOf(server).propose(server, { kind: 'write', write }, (outcome) => {
      acknowledged = outcome === 'committed'
    })
    await this.within(ANSWER_MS, async () => acknowledged)
    return acknowledged
  }

  async read(member: string, key: string, level: 'none' | 'strong'): Promise<number | undefined> {
    const server = this.#machine(member).server(NAME)
    if (server === undefined) throw new Error(`${member} does not answer`)
    if (level === 'none') return server.log.valueAt(key, server.commitIndex)
    const group = this.#fabric.groupOf(server)
    let value: { readonly is: number | undefined } | undefined
    const done = await this.within(ANSWER_MS, async () => {
      const leader = group.leaderFor(server)
      if (leader === undefined) return false
      group.propose(leader, { kind: 'noop' }, (outcome) => {
        if (outcome === 'committed') value ??= { is: leader.log.valueAt(key, leader.commitIndex) }
      })
      return this.within(200, async () => value !== undefined)
    })
    if (!done || value === undefined) throw new Error('no leader')
    return value.is
  }

  async remove(through: string, member: string): Promise<boolean> {
    const server = this.#machine(through).server(NAME)
    if (server === undefined) return false
    let removed = false
    this.#fabric.groupOf(server).change(
      server,
      (voters) => (voters.some(({ id }) => id === member) ? voters.filter(({ id }) => id !== member) : undefined),
      (outcome) => {
        removed = outcome === 'committed'
      },
    )
    await this.within(ANSWER_MS, async () => removed)
    return removed
  }

  async view(member: string): Promise<LabView | undefined> {
    const sight = this.#machine(member).sight(NAME)
    if (sight === undefined) return undefined
    const { isLeader, leaderId: leader, lastIndex, commitIndex } = sight
    return { isLeader, leader, lastIndex, commitIndex, voters: sight.voters.map(({ id }) => id).sort() }
  }

  async within(limitMs: number, holds: () => Promise<boolean>): Promise<boolean> {
    const untilMs = this.#schedule.nowMs + limitMs
    while (!(await holds())) {
      if (this.#schedule.nowMs >= untilMs) return false
      await this.pass(LOOK_MS)
    }
    return true
  }

  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#schedule.nowMs + durationMs
    while (this.#schedule.step(untilMs));
  }

  #machine(member: string): Machine {
    const known = this.#machines.get(member)
    if (known !== undefined) return known
    const machine = new Machine({
      peerId: member,
      schedule: this.#schedule,
      random: this.#random,
      fabric: this.#fabric,
      onBootstrap: () => {},
      onSpawn: () => {},
      onSetAside: () => {},
    })
    this.#machines.set(member, machine)
    return machine
  }

  #port(member: string): number {
    const known = this.#ports.get(member) ?? 7_001 + this.#ports.size * 100
    this.#ports.set(member, known)
    return known
  }

  #address(member: string): string {
    return `${member}.sim:${this.#port(member)}`
  }

  async #start(member: string, start: ReplicaStart): Promise<void> {
    const raftPort = this.#port(member)
    const assignment = { peerId: member, raftId: member, host: `${member}.sim`, httpPort: raftPort - 2_000, raftPort }
    const decree = {
      ballot: { round: 1, proposer: member },
      clusterId: CLUSTER_ID,
      generation: 1,
      replicationFactor: 3,
      foreignKeys: true,
      rqliteMajor: 8,
      replicas: [assignment],
    }
    this.#machine(member).start({ type: 'startReplica', name: NAME, decree, assignment, start }, quiet)
    await this.within(ANSWER_MS, async () => this.#machine(member).server(NAME) !== undefined)
  }
}
