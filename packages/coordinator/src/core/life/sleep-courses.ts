import { DbClusterError, type NodeMessageOf, type RaftPosition, type ReplicaAssignment } from '@dbcluster/protocol'
import type { Life } from './life.js'
import { LIFE_TIMING } from './life-timing.js'
import { keyOf, type Lives } from './lives.js'

/** One attempt to send one database to sleep, from the first word to COMMIT. */
interface Course {
  readonly name: string
  readonly clusterId: string
  readonly run: number
  readonly attempt: number
  readonly demand: boolean
  readonly promises: ReadonlyMap<string, RaftPosition>
  readonly rounds: number
  readonly deadlineMs: number
  readonly againAtMs: number
}

/** Who has said in which run that its replica is idle. */
interface Votes {
  readonly clusterId: string
  readonly run: number
  readonly from: ReadonlySet<string>
}

/**
 * The coordinator's side of a sleep: PREPARE to all replicas, and COMMIT only when all have promised and stand at one and
 * the same index. What is lost with this node is nobody's harm: without COMMIT nobody stops.
 */
export class SleepCourses {
  readonly #lives: Lives
  /** Told how an attempt that a user asked for ended before COMMIT. */
  readonly #onDemandFailed: (name: string, error: DbClusterError) => void
  readonly #courses = new Map<string, Course>()
  readonly #votes = new Map<string, Votes>()

  constructor(lives: Lives, onDemandFailed: (name: string, error: DbClusterError) => void) {
    this.#lives = lives
    this.#onDemandFailed = onDemandFailed
  }

  onIdle(from: string, message: NodeMessageOf<'DATABASE_IDLE_NOTIFICATION'>): void {
    const life = this.#lives.of(message)
    // Also of the run in which our own replica still comes up: the others say it only every few seconds.
    if (life === undefined || message.run !== life.run) return
    const known = this.#votes.get(life.name)
    const current = known?.clusterId === life.clusterId && known.run === life.run ? known.from : []
    const votes = new Set([...current, from])
    this.#votes.set(life.name, { clusterId: life.clusterId, run: life.run, from: votes })
    const placed = this.#lives.placed(life).map((replica) => replica.peerId)
    const [coordinator] = [...placed].sort()
    if (coordinator !== this.#lives.context.self.peerId || !placed.every((peerId) => votes.has(peerId))) return
    if (life.phase === 'awake' && !this.#courses.has(life.name)) this.begin(life, false)
  }

  /** Whether an attempt is under way. */
  has(name: string): boolean {
    return this.#courses.has(name)
  }

  begin(life: Life, demand: boolean): void {
    const { context } = this.#lives
    const course: Course = {
      ...keyOf(life),
      // Never used before, also by an earlier life of this node: a late word of another attempt means nothing.
      attempt: Number.parseInt(context.freshId().slice(-12), 16) + 1,
      demand,
      promises: new Map(),
      rounds: 1,
      deadlineMs: context.nowMs + LIFE_TIMING.prepareMs,
      againAtMs: Number.POSITIVE_INFINITY,
    }
    this.#courses.set(life.name, course)
    this.#prepare(course)
  }

  onPromise(from: string, message: NodeMessageOf<'DATABASE_SLEEP_PROMISE'>): void {
    const course = this.#courses.get(message.name)
    if (course?.attempt !== message.attempt || course.run !== message.run) return
    const { raft } = message
    if (!message.promised || raft === undefined) {
      this.#forgetVote(message.name, from)
      const reason = message.reason ?? 'it gave no reason'
      const busy = course.demand && message.atRun === undefined && course.rounds < LIFE_TIMING.rounds
      return busy ? this.#later(course) : this.#abort(course, `${from}: ${reason}`)
    }
    const promised = { ...course, promises: new Map([...course.promises, [from, raft]]) }
    this.#courses.set(course.name, promised)
    const life = this.#lives.of(course)
    if (life === undefined) return
    const placed = this.#lives.placed(life)
    if (!placed.every(({ peerId }) => promised.promises.has(peerId))) return
    const apart = difference(placed, promised.promises)
    if (apart === undefined) return this.#commit(promised)
    if (promised.rounds < LIFE_TIMING.rounds) return this.#later(promised)
    this.#abort(promised, apart)
  }

  /** This database is no more. */
  forget(name: string): void {
    this.#courses.delete(name)
    this.#votes.delete(name)
  }

  tick(): void {
    const { nowMs } = this.#lives.context
    for (const course of [...this.#courses.values()]) {
      if (nowMs >= course.deadlineMs) this.#abort(course, 'not all replicas answered')
      else if (nowMs >= course.againAtMs) {
        const next = { ...course, rounds: course.rounds + 1, againAtMs: Number.POSITIVE_INFINITY, promises: new Map() }
        this.#courses.set(course.name, next)
        this.#prepare(next)
      }
    }
  }

  nextDeadlineMs(): number {
    const times = [...this.#courses.values()].map(({ deadlineMs, againAtMs }) => Math.min(deadlineMs, againAtMs))
    return Math.min(Number.POSITIVE_INFINITY, ...times)
  }

  #prepare({ name, clusterId, run, attempt, demand }: Course): void {
    this.#toAll({ name, clusterId }, { type: 'DATABASE_SLEEP_PREPARE', name, clusterId, run, attempt, demand })
  }

  #later(course: Course): void {
    this.#courses.set(course.name, { ...course, againAtMs: this.#lives.context.nowMs + LIFE_TIMING.againMs })
  }

  #commit(course: Course): void {
    const { name, clusterId, run, attempt, promises } = course
    const life = this.#lives.of({ name, clusterId })
    const [position] = promises.values()
    if (life?.phase !== 'promised' || life.run !== run || position === undefined)
      return this.#abort(course, 'a query came')
    this.#courses.delete(name)
    this.#votes.delete(name)
    const leads = this.#lives.placed(life).find(({ peerId }) => promises.get(peerId)?.isLeader === true)
    const { lastIndex, lastTerm } = position
    this.#toAll(
      { name, clusterId },
      {
        type: 'DATABASE_SHUTDOWN_COORDINATED',
        ...{ name, clusterId, run, attempt, lastIndex, lastTerm },
        ...(leads === undefined ? {} : { leader: leads.raftId }),
      },
    )
  }

  #abort({ name, clusterId, run, attempt, demand }: Course, reason: string): void {
    this.#courses.delete(name)
    this.#toAll({ name, clusterId }, { type: 'DATABASE_SLEEP_ABORT', name, clusterId, run, attempt })
    this.#lives.context.log('debug', 'A database stays awake', { database: name, run, reason })
    if (!demand) return
    const error = new DbClusterError('CONFLICT', `${name} was not sent to sleep: ${reason}`, {
      hint: 'it can sleep when no query is under way and all its replicas can be reached: try again in a moment',
    })
    this.#onDemandFailed(name, error)
  }

  #forgetVote(name: string, peerId: string): void {
    const votes = this.#votes.get(name)
    if (votes === undefined) return
    this.#votes.set(name, { ...votes, from: new Set([...votes.from].filter((voter) => voter !== peerId)) })
  }

  #toAll(key: { readonly name: string; readonly clusterId: string }, message: Parameters<Lives['tell']>[1]): void {
    const life = this.#lives.of(key)
    if (life !== undefined) this.#lives.tell(life, message, { self: true })
  }
}

/** Why these replicas may not stop yet, if they may not. */
const difference = (
  placed: readonly ReplicaAssignment[],
  promises: ReadonlyMap<string, RaftPosition>,
): string | undefined => {
  const positions = placed.flatMap(({ peerId }) => promises.get(peerId) ?? [])
  const [first] = positions
  if (first === undefined) return 'nobody promised'
  const ids = placed.map((replica) => replica.raftId).sort()
  for (const { lastIndex, lastTerm, commitIndex, appliedIndex, voters } of positions) {
    if (lastIndex !== first.lastIndex || lastTerm !== first.lastTerm) return 'its replicas are not at one index'
    if (commitIndex !== lastIndex || appliedIndex !== lastIndex) return 'its replicas have not applied everything'
    if ([...voters].sort().join() !== ids.join()) return 'its membership is changing'
  }
  return undefined
}
