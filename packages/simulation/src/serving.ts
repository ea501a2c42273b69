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

/** What became of it, and in which history of its database. A write that failed `sure`ly was applied nowhere. */
export type Reply =
  | { readonly ok: true; readonly value: number | undefined; readonly recovery: number }
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
      return this.#lookAgain(task, () => this.serve(task), `${node.peerId} knows no such database`)
    const placed = effectiveReplicas(record).map(({ peerId }) => peerId)
    if (!placed.includes(node.peerId)) return this.#passOn(task, placed)
    // The gates of this process: the next one of the node has its own.
    const { gates } = node
    gates.enter(query.name, () => this.#perform(task, () => gates.leave(query.name)))
  }

  /** Behind the gate. Whoever looks again, or asks another node, leaves it first. */
  #perform(task: Task, leave: () => void): void {
    const { node, query, hops } = task
    const end = (why: string): void => {
      leave()
      task.done({ ok: false, sure: true, why })
    }
    if (!node.alive) return end(`${node.peerId} died`)
    // Whoever waited at the gate for too long asks for nothing any more.
    if (this.#world.nowMs >= query.deadlineMs) return end('it came too late')
    if (node.paused) {
      this.#world.schedule.after(LOOK_AGAIN_MS, () => this.#perform(task, leave))
      return
    }
    const server = node.machine.server(query.name)
    const leader = server === undefined ? undefined : this.#world.fabric.groupOf(server).leaderFor(server)
    if (server !== undefined && leader === server) return this.#propose(task, server, leave)
    leave()
    const again = (why: string): void => this.#lookAgain(task, () => this.serve(task), why)
    if (server === undefined) return this.#elsewhere(task, again, `${node.peerId} runs no rqlited`)
    if (leader === undefined) return this.#elsewhere(task, again, `${node.peerId} knows no leader`)
    const other = this.#world.nodes.find(({ peerId }) => peerId === leader.peerId)
    if (other === undefined || hops >= HOPS_MAX || !this.#world.network.isConnected(node.peerId, other.peerId))
      return again(`${node.peerId} does not reach the leader`)
    this.#ask(task, other, again)
  }

  /** Another node answers for this one. Where it certainly did nothing, this one goes on looking. */
  #ask(task: Task, node: SimNode, again: (why: string) => void, deadlineMs = task.query.deadlineMs): void {
    const { query, hops } = task
    const done = (reply: Reply): void => {
      if (!reply.ok && reply.sure && this.#world.nowMs < query.deadlineMs) again(reply.why)
      else task.done(reply)
    }
    this.#after(() => this.serve({ query: { ...query, deadlineMs }, node, hops: hops + 1, done }))
  }

  /** The local rqlited is down, or of no use: another replica may serve. */
  #elsewhere(task: Task, again: (why: string) => void, why: string): void {
    const { node, query, hops } = task
    const record = node.core?.table.database(query.name)
    const others = (record === undefined ? [] : effectiveReplicas(record)).filter(
      ({ peerId }) => peerId !== node.peerId && this.#world.network.isConnected(node.peerId, peerId),
    )
    const [to] = this.#world.random.shuffle(others)
    const other = this.#world.nodes.find(({ peerId }) => peerId === to?.peerId)
    if (other === undefined || hops > 0) return again(why)
    this.#ask(task, other, again, Math.min(query.deadlineMs, this.#world.nowMs + ELSEWHERE_MS))
  }

  #propose(task: Task, server: RaftServer, leave: () => void): void {
    const { query } = task
    const { id, key, value } = query
    const { recovery } = server
    const group = this.#world.fabric.groupOf(server)
    const command =
      value === undefined ? ({ kind: 'noop' } as const) : ({ kind: 'write', write: { id, key, value } } as const)
    let isOver = false
    const end = (reply: Reply): void => {
      if (isOver) return
      isOver = true
      leave()
      task.done(reply)
    }
    if (this.#world.sabotage.answersEarly === true && value !== undefined) end({ ok: true, value, recovery })
    group.propose(server, command, (outcome) => {
      if (outcome === 'committed')
        return end({ ok: true, value: server.log.valueAt(key, server.commitIndex), recovery })
      if (outcome === 'unknown' && value !== undefined)
        return end({ ok: false, sure: false, why: 'the leader stepped down' })
      if (isOver) return
      isOver = true
      leave()
      this.#lookAgain(task, () => this.serve(task), 'the leader stepped down')
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
      return this.#lookAgain(task, () => this.serve(task), 'no replica is reached')
    this.#ask(task, node, (why) => this.#lookAgain(task, () => this.serve(task), why))
  }

  #after(next: () => void): void {
    const { low, high } = this.#world.network.weather.delayMs
    this.#world.schedule.after(this.#world.random.between(low, high), next)
  }

  /** A node that a query was passed on to answers at once: the first node is the one that looks again. */
  #lookAgain(task: Task, next: () => void, why: string): void {
    if (task.hops > 0) return task.done({ ok: false, sure: true, why })
    this.#again(task, next, why)
  }

  #again(task: Task, next: () => void, why: string): void {
    const { schedule, nowMs } = this.#world
    if (nowMs + LOOK_AGAIN_MS >= task.query.deadlineMs) return task.done({ ok: false, sure: true, why })
    schedule.after(LOOK_AGAIN_MS, next)
  }
}
