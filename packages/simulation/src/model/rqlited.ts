import type { Random } from '../random.js'
import type { Schedule } from '../schedule.js'
import type { Directory } from './directory.js'
import type { RaftSight, Temper } from './machine.js'
import type { Voter } from './raft/entry.js'
import { joinThrough } from './raft/join-through.js'
import type { RaftFabric } from './raft/raft-fabric.js'
import { RaftServer } from './raft/raft-server.js'
import type { ReplicaListener, StartReplica } from './start-replica.js'

/** How often a joining replica asks, and for how long, in milliseconds. */
const JOIN_EVERY_MS = 100
const JOIN_FOR_MS = 6_000
/** How often readiness, and the voters while a cluster gathers, are looked at. */
const LOOK_EVERY_MS = 40
/** What dies by itself is started again after a while. */
const RESTART_MS = { low: 100, high: 1_000 }

export interface RqlitedInit {
  readonly request: StartReplica
  readonly listener: ReplicaListener | undefined
  readonly directory: Directory
  readonly peerId: string
  readonly fabric: RaftFabric
  readonly schedule: Schedule
  readonly random: Random
  readonly temper: Temper
}

/** One replica's process, and what supervises it: started again when it dies, for as long as its node listens. */
export class Rqlited {
  readonly httpPort: number
  readonly clusterId: string
  onBootstrap: (start: StartReplica) => void = () => {}
  onFailed: () => void = () => {}
  server: RaftServer | undefined
  /** Somebody else has its ports. */
  isBlocked = false
  #full = false
  readonly #init: RqlitedInit
  readonly #request: StartReplica
  #listener: ReplicaListener | undefined
  #isReady = false
  #isWatched = false
  #isJoining = false
  #isReading = false
  #hasJoined = false
  #hasRecovered = false
  #ended = false

  constructor(init: RqlitedInit) {
    this.#init = init
    this.#request = init.request
    this.#listener = init.listener
    this.httpPort = init.request.assignment.httpPort
    this.clusterId = init.request.decree.clusterId
  }

  set full(isFull: boolean) {
    this.#full = isFull
    if (this.server !== undefined) this.server.full = isFull
  }

  /** Whether this is the process that is asked for. */
  fits({ decree, assignment, start, recovery }: StartReplica): boolean {
    const own = this.#request
    const isSame = own.decree.clusterId === decree.clusterId && own.assignment.raftId === assignment.raftId
    const isThere = own.assignment.raftPort === assignment.raftPort
    const isAlike = start.kind === own.start.kind && (own.recovery ?? 0) === (recovery ?? 0)
    return isSame && isThere && (start.kind === 'restart' || isAlike) && own.start.kind !== 'warm'
  }

  /** Somebody else listens from now on, or nobody. */
  adopt(listener: ReplicaListener | undefined): void {
    this.#listener = listener
    this.#isReady = false
    if (listener !== undefined) this.#watch()
  }

  spawn(): void {
    const { schedule, random, temper } = this.#init
    schedule.after(random.between(temper.startMs.low, temper.startMs.high), () => {
      if (this.#ended) return
      if (random.chance(temper.failure) || this.#full || this.isBlocked) return this.#fail('rqlited: it did not start')
      this.#run()
    })
  }

  /** It dies by itself. */
  die(): void {
    const { schedule, random } = this.#init
    if (this.server === undefined) return
    this.#down({ stepDown: false })
    this.#isReady = false
    schedule.after(random.between(RESTART_MS.low, RESTART_MS.high), () => {
      if (this.#ended || this.server !== undefined) return
      if (this.#listener !== undefined) return this.#run()
      this.#ended = true
      this.onFailed()
    })
  }

  end(options: { readonly stepDown: boolean }): void {
    this.#ended = true
    this.#down(options)
  }

  sight(): RaftSight | undefined {
    const { server } = this
    if (server === undefined || server.paused) return undefined
    const { log } = server
    return {
      raftId: server.id,
      isLeader: server.role === 'leader',
      leaderId: server.leader?.id,
      term: log.term,
      lastIndex: log.lastIndex,
      lastTerm: log.lastTerm,
      commitIndex: server.commitIndex,
      voters: log.voters,
    }
  }

  #run(): void {
    const { request, directory, peerId, fabric } = this.#init
    const { assignment, start, decree, name } = request
    const { clusterId } = decree
    const { log } = directory
    const address = `${assignment.host}:${assignment.raftPort}`
    if (start.kind === 'bootstrap' && log.lastIndex === 0) {
      this.onBootstrap(request)
      fabric.group({ clusterId, recovery: 0 }, name).record.bootstraps += 1
      log.term = 1
      log.append(1, { kind: 'config', voters: [{ id: assignment.raftId, address }] })
    }
    if (start.kind === 'recover' && !this.#hasRecovered) this.#recover(start.peers)
    // A member is of the history that its directory tells, a newcomer of the one that it comes into.
    if (log.lastIndex === 0) directory.recovery = request.recovery ?? 0
    const { recovery } = directory
    const server = new RaftServer({ id: assignment.raftId, clusterId, recovery, peerId, address, log })
    server.full = this.#full
    this.server = server
    fabric.group(server, name)
    this.#isJoining = false
    this.#isReading = false
    fabric.start(server)
    if (start.kind === 'join' || start.kind === 'rejoin') this.#join(server, start.addresses, 0)
    this.#watch()
  }

  /** It reads `peers.json`, and renames it. */
  #recover(peers: readonly Voter[]): void {
    const { directory, fabric, request } = this.#init
    const { decree, name, assignment } = request
    const recovery = Math.max(directory.recovery, request.recovery ?? 0)
    this.#hasRecovered = true
    directory.log.recover(peers)
    if (recovery === directory.recovery) return fabric.record(decree.clusterId, recovery)?.recovered(peers)
    directory.recovery = recovery
    fabric.begin({ clusterId: decree.clusterId, recovery }, name, { raftId: assignment.raftId, log: directory.log })
  }

  #join(server: RaftServer, addresses: readonly string[], waitedMs: number): void {
    if (this.server !== server) return
    if (this.#hasJoined) return
    const { fabric, schedule } = this.#init
    if (!this.#isJoining) {
      this.#isJoining = true
      joinThrough(fabric, server, addresses, (joined) => {
        this.#isJoining = false
        if (joined) this.#hasJoined = true
      })
    }
    if (waitedMs >= JOIN_FOR_MS) return this.#fail('rqlited: failed to join cluster')
    schedule.after(JOIN_EVERY_MS, () => this.#join(server, addresses, waitedMs + JOIN_EVERY_MS))
  }

  /** Looks until it serves, and counts voters for whoever waits for them. */
  #watch(told = 0): void {
    if (this.#isWatched) return
    this.#isWatched = true
    const { schedule, random } = this.#init
    schedule.after(random.between(0.2, 1) * LOOK_EVERY_MS, () => {
      this.#isWatched = false
      this.#look(told)
    })
  }

  #look(told: number): void {
    const { server } = this
    const listener = this.#listener
    if (server === undefined || listener === undefined || this.#ended) return
    if (this.#request.start.kind === 'warm') {
      if (!this.#isReady) listener.warmed()
      this.#isReady = true
      return
    }
    if (!this.#isReady) {
      this.#readThroughRaft(server, () => {
        if (this.server !== server || this.#listener !== listener || this.#isReady) return
        this.#isReady = true
        listener.ready(this.#init.directory.recovery)
        this.#watch()
      })
      return this.#watch()
    }
    const { gather } = this.#request
    if (gather === undefined) return
    // What a leader has not committed yet may still be undone.
    const isSure = server.role === 'leader' && server.log.configurationIndex <= server.commitIndex
    const voters = isSure ? server.log.voters.length : told
    if (voters > told) listener.gathered(voters)
    if (voters < gather) this.#watch(voters)
  }

  #readThroughRaft(server: RaftServer, done: () => void): void {
    const group = this.#init.fabric.groupOf(server)
    const needsJoin = this.#request.start.kind === 'join' || this.#request.start.kind === 'rejoin'
    // A member that still asks to join could be one again after its removal: it is not ready before it has its answer.
    if (needsJoin && !this.#hasJoined) return
    const leader = group.leaderFor(server)
    if (leader === undefined || this.#isReading) return
    this.#isReading = true
    group.propose(leader, { kind: 'noop' }, (outcome) => {
      this.#isReading = false
      if (outcome === 'committed') done()
    })
  }

  #fail(error: string): void {
    this.end({ stepDown: false })
    this.onFailed()
    const listener = this.#listener
    this.#init.schedule.after(1, () => {
      if (this.#listener === listener) listener?.failed(error)
    })
  }

  #down(options: { readonly stepDown: boolean }): void {
    const { server } = this
    this.server = undefined
    if (server !== undefined) this.#init.fabric.stop(server, options)
  }
}
