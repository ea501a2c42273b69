import { effectiveReplicas } from '@dbcluster/metadata'
import type { RaftServer } from './model/raft/raft-server.js'
import type { SimNode } from './sim-node.js'
import type { World } from './world.js'

/** One query of an application. */
export interface Query {
  readonly id: string
  readonly name: string
  readonly key: string
  /** The value to write; a read has none. */
  readonly value?: number
  /** Virtual time at which nobody waits for it any more. */
  readonly deadlineMs: number
}

/** What became of it. A write that failed `sure`ly was applied nowhere. */
export type Reply =
  | { readonly ok: true; readonly value: number | undefined }
  | { readonly ok: false; readonly sure: boolean; readonly why: string }

/** Whoever hears of no leader looks again after this. */
const LOOK_AGAIN_MS = 60
/** How long another replica is tried before all is looked at again. */
const ELSEWHERE_MS = 1_500
/** As many nodes as a query may be passed on to. */
const HOPS_MAX = 2

interface Task {
  readonly query: Query
  readonly node: SimNode
  readonly hops: number
  readonly done: (reply: Reply) => void
}

/**
 * What the query path of a node does, as far as it matters here: through the gate of a replica, then the local rqlited if
 * that leads, else the leader's node. Reads go through Raft.
 */
export class Serving {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  serve(task: Task): void {
    const { node, query } = task
    if (!node.alive) return task.done({ ok: false, sure: true, why: `${node.peerId} is down` })
    if (node.paused) return this.#again(task, () => this.serve(task), 'paused')
    const record = node.core?.table.database(query.name)
    if (record === undefined || record.deleted || !record.established)
      return this.#again(task, () => this.serve(task), `${node.peerId} knows no such database`)
    const placed = effectiveReplicas(record).map(({ peerId }) => peerId)
    if (!placed.includes(node.peerId)) return this.#passOn(task, placed)
    const { gates } = node
    gates.enter(query.name, () => {
      const done = (reply: Reply): void => {
        gates.leave(query.name)
        task.done(reply)
      }
      this.#perform({ ...task, done })
    })
  }

  /** Behind the gate. */
  #perform(task: Task): void {
    const { node, query, hops } = task
    if (!node.alive) return task.done({ ok: false, sure: true, why: `${node.peerId} died` })
    // Whoever waited at the gate for too long asks for nothing any more.
    if (this.#world.nowMs >= query.deadlineMs) return task.done({ ok: false, sure: true, why: 'it came too late' })
    const again = (why: string): void => this.#again(task, () => this.#perform(task), why)
    const server = node.machine.server(query.name)
    if (node.paused) return again(`${node.peerId} hangs`)
    if (server === undefined) return this.#elsewhere(task, again)
    const leader = this.#world.fabric.groupOf(server).leaderFor(server)
    if (leader === undefined) return again(`${node.peerId} knows no leader`)
    if (leader === server) return this.#propose(task, server)
    const other = this.#world.nodes.find(({ peerId }) => peerId === leader.peerId)
    if (other === undefined || hops >= HOPS_MAX || !this.#world.network.isConnected(node.peerId, other.peerId))
      return again(`${node.peerId} does not reach the leader`)
    this.#after(() => this.serve({ ...task, node: other, hops: hops + 1 }))
  }

  /** The local rqlited is down: another replica may serve. */
  #elsewhere(task: Task, again: (why: string) => void): void {
    const { node, query, hops } = task
    const record = node.core?.table.database(query.name)
    const others = (record === undefined ? [] : effectiveReplicas(record)).filter(({ peerId }) =>
      this.#world.network.isConnected(node.peerId, peerId),
    )
    const [to] = this.#world.random.shuffle(others)
    const other = this.#world.nodes.find(({ peerId }) => peerId === to?.peerId)
    if (other === undefined || hops >= HOPS_MAX) return again(`${node.peerId} runs no rqlited`)
    const done = (reply: Reply): void => {
      if (!reply.ok && reply.sure && this.#world.nowMs < query.deadlineMs) again(reply.why)
      else task.done(reply)
    }
    const deadlineMs = Math.min(query.deadlineMs, this.#world.nowMs + ELSEWHERE_MS)
    this.#after(() => this.serve({ query: { ...query, deadlineMs }, node: other, hops: hops + 1, done }))
  }

  #propose(task: Task, server: RaftServer): void {
    const { query } = task
    const { id, key, value } = query
    const group = this.#world.fabric.groupOf(server)
    const command =
      value === undefined ? ({ kind: 'noop' } as const) : ({ kind: 'write', write: { id, key, value } } as const)
    if (this.#world.sabotage.answersEarly === true && value !== undefined) task.done({ ok: true, value })
    let isOver = this.#world.sabotage.answersEarly === true && value !== undefined
    const end = (reply: Reply): void => {
      if (!isOver) task.done(reply)
      isOver = true
    }
    group.propose(server, command, (outcome) => {
      if (outcome === 'committed') return end({ ok: true, value: server.log.valueAt(key, server.commitIndex) })
      if (outcome === 'unknown' && value !== undefined)
        return end({ ok: false, sure: false, why: 'the leader stepped down' })
      if (isOver) return
      isOver = true
      this.#again(task, () => this.#perform(task), 'the leader stepped down')
    })
    this.#world.schedule.after(query.deadlineMs - this.#world.nowMs, () =>
      end({ ok: false, sure: value === undefined, why: 'no majority answered in time' }),
    )
  }

  /** To a node that holds a replica. */
  #passOn(task: Task, placed: readonly string[]): void {
    const { network, random, nodes } = this.#world
    const reachable = placed.filter((peerId) => network.isConnected(task.node.peerId, peerId))
    const [to] = random.shuffle(reachable)
    const node = nodes.find(({ peerId }) => peerId === to)
    if (node === undefined || task.hops >= HOPS_MAX)
      return this.#again(task, () => this.serve(task), 'no replica is reached')
    this.#after(() => this.serve({ ...task, node, hops: task.hops + 1 }))
  }

  #after(next: () => void): void {
    const { low, high } = this.#world.network.weather.delayMs
    this.#world.schedule.after(this.#world.random.between(low, high), next)
  }

  #again(task: Task, next: () => void, why: string): void {
    const { schedule, nowMs } = this.#world
    if (nowMs + LOOK_AGAIN_MS >= task.query.deadlineMs) return task.done({ ok: false, sure: true, why })
    schedule.after(LOOK_AGAIN_MS, next)
  }
}
