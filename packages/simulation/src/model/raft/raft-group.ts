import type { Random } from '../../random.js'
import type { Schedule } from '../../schedule.js'
import { campaign } from './campaign.js'
import type { ClusterRecord } from './cluster-ledger.js'
import { advance } from './commit.js'
import type { Command, Voter } from './entry.js'
import type { Change, Outcome, RaftServer } from './raft-server.js'

/** Timing of the profile `local`, milliseconds. */
const HEARTBEAT_MS = 50
const LEADER_LEASE_MS = 200
const HEARTBEAT_TIMEOUT_MS = 200
const ELECTION_MS = { low: 200, high: 400 }
/** One way between two members, appending included. */
const APPEND_MS = { low: 0.3, high: 3 }
/** How long a change of membership may wait, as in rqlite. */
const CHANGE_MS = 10_000

export interface RaftGroupInit {
  readonly schedule: Schedule
  readonly random: Random
  readonly record: ClusterRecord
  /** Who listens at an address, of whatever cluster. */
  readonly at: (address: string) => RaftServer | undefined
  /** Whether bytes get through between two machines, both ways. */
  readonly isReachable: (peerId: string, other: string) => boolean
}

/**
 * The members of one cluster that run. Raft as it is seen from outside: whoever hears of no leader asks for votes; a
 * leader that a majority doesn't answer steps down; what a majority holds is committed. Messages between members are
 * not played one by one: a beat is a round of them. Nothing beats while nothing changes.
 */
export class RaftGroup {
  readonly #init: RaftGroupInit
  readonly servers = new Set<RaftServer>()
  #beating = false
  #calm = false

  constructor(init: RaftGroupInit) {
    this.#init = init
  }

  get record(): ClusterRecord {
    return this.#init.record
  }

  /** A member's process is up. */
  start(server: RaftServer): void {
    this.servers.add(server)
    this.#await(server)
    this.wake()
  }

  /** A member's process ends; with `stepDown` a leader hands over first, if it can. */
  stop(server: RaftServer, options: { readonly stepDown: boolean }): void {
    const wasLeader = server.role === 'leader'
    const heir = wasLeader && options.stepDown ? this.#heir(server) : undefined
    server.up = false
    this.servers.delete(server)
    if (wasLeader) server.stepDown(Number.POSITIVE_INFINITY)
    if (heir !== undefined && campaign(this, heir, { handedOver: true })) this.#elect(heir)
    this.wake()
  }

  /** Something changed that members may notice: a connection, a process, a pause. */
  wake(): void {
    if (this.#calm) this.#rested()
    this.#calm = false
    if (this.#beating || this.servers.size === 0) return
    this.#beating = true
    const delayMs = this.#init.random.between(0.5, 1.5) * HEARTBEAT_MS
    this.#init.schedule.after(delayMs, () => this.#beat())
  }

  /** Appends at a leader. `refused`: it was none. */
  propose(server: RaftServer, command: Command, done: (outcome: Outcome) => void): void {
    if (!server.working || server.role !== 'leader' || server.full) return done('refused')
    server.proposals.push({ entry: server.lead(command), done })
    this.#soon(server)
  }

  /** Asks a leader for a change of membership. */
  change(server: RaftServer, next: Change['next'], done: (outcome: Outcome) => void): void {
    if (!server.working || server.role !== 'leader' || server.full) return done('refused')
    server.changes.push({ next, done, untilMs: this.#init.schedule.nowMs + CHANGE_MS })
    this.#soon(server)
    this.wake()
  }

  /** The leader that this member would pass a request on to, if it can. */
  leaderFor(server: RaftServer): RaftServer | undefined {
    const leader = server.role === 'leader' ? server : server.leader
    if (!server.working || !leader?.working || leader.role !== 'leader') return undefined
    return this.reaches(server, leader) ? leader : undefined
  }

  /** Both are up and bytes get through, whatever address the one knows the other by. */
  reaches(from: RaftServer, to: RaftServer): boolean {
    return to.working && (from === to || this.#init.isReachable(from.peerId, to.peerId))
  }

  /** Who answers at the address that a member has for a voter; other clusters' and histories' are refused by their keys. */
  contact(from: RaftServer, voter: Voter): RaftServer | undefined {
    if (voter.id === from.id) return from
    const to = this.#init.at(voter.address)
    const isKnown = to?.clusterId === from.clusterId && to.recovery === from.recovery
    return isKnown && this.reaches(from, to) ? to : undefined
  }

  #beat(): void {
    this.#beating = false
    const { nowMs } = this.#init.schedule
    for (const server of [...this.servers]) if (server.role === 'leader' && server.working) this.#lead(server)
    for (const server of [...this.servers]) {
      if (server.role === 'leader' || !server.working) continue
      if (server.leader !== undefined && nowMs - server.heardMs > HEARTBEAT_TIMEOUT_MS) this.#await(server)
      if (nowMs >= server.electionDueMs && server.leader === undefined) this.#stand(server)
    }
    if (this.#isCalm()) this.#calm = true
    else this.wake()
  }

  /** A round of heartbeats. */
  #lead(leader: RaftServer): void {
    const { nowMs } = this.#init.schedule
    const { voters } = leader.log
    let heard = 0
    for (const voter of voters) {
      const follower = this.contact(leader, voter)
      if (follower === undefined) continue
      if (follower.log.term > leader.log.term) return this.#yield(leader, follower.log.term)
      heard += 1
      if (follower !== leader) this.#append(leader, follower)
      leader.match.set(voter.id, follower.log.lastIndex)
    }
    if (heard > voters.length / 2) leader.quorumMs = nowMs
    else if (nowMs - leader.quorumMs > LEADER_LEASE_MS) return this.#yield(leader, leader.log.term)
    advance(this, leader, nowMs)
    if (leader.role === 'leader' && !leader.isVoter && leader.log.configurationIndex <= leader.commitIndex)
      this.#yield(leader, leader.log.term)
  }

  #append(leader: RaftServer, follower: RaftServer): void {
    const { log } = follower
    if (follower.role === 'leader') follower.stepDown(Number.POSITIVE_INFINITY)
    log.term = leader.log.term
    follower.leader = leader
    follower.heardMs = this.#init.schedule.nowMs
    if (follower.full) return
    const common = log.follow(leader.log)
    if (common < follower.commitIndex) this.record.overwritten(follower, common + 1)
    this.record.holds(follower)
    follower.commitIndex = Math.max(follower.commitIndex, Math.min(leader.commitIndex, log.lastIndex))
  }

  #yield(leader: RaftServer, term: number): void {
    leader.log.term = Math.max(leader.log.term, term)
    leader.stepDown(0)
    this.#await(leader)
  }

  /** Waits for a leader, and stands for election when none is heard of. */
  #await(server: RaftServer): void {
    server.leader = undefined
    server.electionDueMs = this.#init.schedule.nowMs + this.#init.random.between(ELECTION_MS.low, ELECTION_MS.high)
  }

  #stand(server: RaftServer): void {
    this.#await(server)
    if (server.isVoter && !server.full && campaign(this, server, { handedOver: false })) this.#elect(server)
  }

  #elect(server: RaftServer): void {
    server.role = 'leader'
    server.leader = server
    server.quorumMs = this.#init.schedule.nowMs
    server.match.clear()
    this.record.elected(server)
    server.lead({ kind: 'noop' })
    this.#soon(server)
  }

  #heir(leader: RaftServer): RaftServer | undefined {
    const others = leader.log.voters.flatMap((voter) => this.contact(leader, voter) ?? [])
    return others.find((other) => other !== leader && other.log.lastIndex === leader.log.lastIndex)
  }

  /** A round of appends, once the bytes are through. */
  #soon(leader: RaftServer): void {
    const delayMs = 2 * this.#init.random.between(APPEND_MS.low, APPEND_MS.high)
    this.#init.schedule.after(delayMs, () => {
      if (leader.role === 'leader' && leader.working) this.#lead(leader)
      this.wake()
    })
  }

  /** Whoever was in touch has been until now. */
  #rested(): void {
    const { nowMs } = this.#init.schedule
    for (const server of this.servers) {
      server.heardMs = nowMs
      server.quorumMs = nowMs
    }
  }

  /** Everybody follows one leader and holds and knows what it does: only a change from outside can change anything. */
  #isCalm(): boolean {
    const leaders = [...this.servers].filter((server) => server.role === 'leader')
    const [leader] = leaders
    if (leader === undefined || leaders.length > 1 || leader.changes.length > 0 || !leader.working) return false
    const { lastIndex } = leader.log
    if (leader.commitIndex < lastIndex) return false
    const reached = new Set(leader.log.voters.map((voter) => this.contact(leader, voter)))
    if (reached.has(undefined) || !leader.isVoter) return false
    return [...this.servers].every(
      (server) =>
        server.working &&
        reached.has(server) &&
        server.leader === leader &&
        server.log.lastIndex === lastIndex &&
        server.commitIndex === lastIndex,
    )
  }
}
