import { hasLostMajority } from './checks/quiet.js'
import type { RaftLog } from './model/raft/raft-log.js'
import { type Query, type Reply, Serving } from './serving.js'
import type { World } from './world.js'

/** How long an application waits for one query. */
const QUERY_MS = 12_000
/** An answer that a dead node owes comes never: the application's own limit. */
const GRACE_MS = 300

interface Register {
  readonly name: string
  readonly key: string
  /** The newest value whose write was acknowledged. */
  acknowledged: number
  /** The newest value that anybody tried to write. */
  attempted: number
  busy: boolean
}

/**
 * Applications that query. Each register has one writer, which writes rising numbers one after the other: so a read must
 * give at least what was acknowledged before it began, and at most what was tried before it ended.
 */
export class Registers {
  readonly #world: World
  readonly #serving: Serving
  readonly #registers = new Map<string, Register>()
  readonly #open = new Map<string, { readonly query: Query; readonly sinceMs: number }>()
  readonly failures: { readonly query: Query; readonly why: string; readonly atMs: number }[] = []
  answered = 0
  /** The recovery of each database that counts. */
  readonly #histories = new Map<string, number>()
  #count = 0

  constructor(world: World) {
    this.#world = world
    this.#serving = new Serving(world)
    world.monitor.onRecovered = ({ name, recovery }, log) => this.#onRecovered(name, recovery, log)
  }

  /** Queries under way. */
  get open(): number {
    return this.#open.size
  }

  /** The longest wait among them, milliseconds. */
  get oldestMs(): number {
    return Math.max(0, ...[...this.#open.values()].map(({ sinceMs }) => this.#world.nowMs - sinceMs))
  }

  /** When this database was last asked for anything, virtual milliseconds. */
  readonly lastAskedMs = new Map<string, number>()

  /** One query at a random node: a write where the register's writer is free, else a read. */
  query(name: string, kind: 'read' | 'write' | 'any' = 'any'): void {
    const { random, plan } = this.#world
    if (!plan.admits('query')) return
    const register = this.#register(name, `r${random.integer(0, 2)}`)
    const writes = !register.busy && (kind === 'write' || (kind === 'any' && random.chance(0.5)))
    if (writes) this.#write(register)
    else this.#read(register)
  }

  /** Queries of these databases at random moments. */
  load(names: readonly string[], durationMs: number, everyMs: number): void {
    const { schedule, random } = this.#world
    const untilMs = schedule.nowMs + durationMs
    const next = (): void => {
      schedule.after(random.between(0.1, 1.9) * everyMs, () => {
        if (schedule.nowMs >= untilMs) return
        this.query(random.pick(names))
        next()
      })
    }
    next()
  }

  /** Every register is read once more, but for those of databases that lost a majority of their disks. */
  readAll(): void {
    for (const register of this.#registers.values()) {
      const record = this.#world.working()[0]?.core?.table.database(register.name)
      if (record !== undefined && !hasLostMajority(this.#world, record)) this.#read(register)
    }
  }

  /** What fails from now on counts. */
  forgetFailures(): void {
    this.failures.length = 0
  }

  /** Every query so far was answered. */
  expectNoFailure(since: string): void {
    const [failure] = this.failures
    if (failure === undefined) return
    const { query, why, atMs } = failure
    this.#world.monitor.fail(
      'queries',
      `${query.id} on ${query.name} failed at ${atMs.toFixed(0)} ms (${why}), though ${since}`,
    )
  }

  /** What was acknowledged is in what the clusters committed. */
  checkKept(): void {
    for (const { name, key, acknowledged } of this.#registers.values()) {
      const clusterId = this.#world.clusterIdOf(name)
      const record = clusterId === undefined ? undefined : this.#world.fabric.record(clusterId)
      const kept = record?.valueOf(key) ?? 0
      if (clusterId !== undefined && kept < acknowledged)
        this.#world.monitor.fail('I4 lost write', `${name}: ${key} = ${acknowledged} was acknowledged, ${kept} is kept`)
    }
  }

  #write(register: Register): void {
    register.busy = true
    register.attempted += 1
    const value = register.attempted
    this.#ask(register, value, (reply) => {
      register.busy = false
      if (reply.ok && reply.recovery === this.#historyOf(register.name))
        register.acknowledged = Math.max(register.acknowledged, value)
    })
  }

  #read(register: Register): void {
    const { name, key, acknowledged: atLeast } = register
    const history = this.#historyOf(name)
    this.#ask(register, undefined, (reply) => {
      if (!reply.ok) return
      const got = reply.value ?? 0
      const isOne = reply.recovery === history && this.#historyOf(name) === history
      if (isOne && got < atLeast)
        this.#world.monitor.fail('I4 lost write', `${name}: ${key} reads ${got}, after ${atLeast} was acknowledged`)
      if (got > register.attempted)
        this.#world.monitor.fail('I4 invented', `${name}: ${key} reads ${got}, which nobody wrote`)
    })
  }

  /** What was acknowledged before, and is not in what goes on, was given up by an operator's word. */
  #onRecovered(name: string, recovery: number, log: RaftLog): void {
    this.#histories.set(name, recovery)
    for (const register of this.#registers.values())
      if (register.name === name) register.acknowledged = log.valueAt(register.key, log.lastIndex) ?? 0
  }

  #historyOf(name: string): number {
    return this.#histories.get(name) ?? 0
  }

  #ask(register: Register, value: number | undefined, then: (reply: Reply) => void): void {
    const { schedule, nodes, random, nowMs } = this.#world
    const { name, key } = register
    this.#count += 1
    const id = `q${this.#count}`
    const deadlineMs = nowMs + QUERY_MS
    const query: Query = { id, name, key, deadlineMs, ...(value === undefined ? {} : { value }) }
    this.#open.set(id, { query, sinceMs: nowMs })
    this.lastAskedMs.set(name, nowMs)
    const end = (reply: Reply): void => {
      if (!this.#open.delete(id)) return
      then(reply)
      this.lastAskedMs.set(name, schedule.nowMs)
      if (reply.ok) this.answered += 1
      else this.failures.push({ query, why: reply.why, atMs: schedule.nowMs })
    }
    this.#world.monitor.trace(
      () => `client ${value === undefined ? 'reads' : `writes ${value} to`} ${name} ${key} (${id})`,
    )
    const tryOne = (): void => {
      if (schedule.nowMs >= deadlineMs) return end({ ok: false, sure: true, why: 'nobody answered' })
      const node = random.pick(nodes)
      if (!node.working) return void schedule.after(50, tryOne)
      this.#serving.serve({
        query,
        node,
        hops: 0,
        done: (reply) => {
          // What was surely applied nowhere is tried elsewhere.
          if (!reply.ok && reply.sure && schedule.nowMs < deadlineMs - 1_000) schedule.after(50, tryOne)
          else end(reply)
        },
      })
    }
    tryOne()
    schedule.after(QUERY_MS + GRACE_MS, () => end({ ok: false, sure: false, why: 'no answer at all' }))
  }

  #register(name: string, key: string): Register {
    const id = `${name}/${key}`
    const known = this.#registers.get(id)
    if (known !== undefined) return known
    const register = { name, key, acknowledged: 0, attempted: 0, busy: false }
    this.#registers.set(id, register)
    return register
  }
}
