import {
  type CoordinatorConfig,
  CoordinatorCore,
  type CoordinatorEffect,
  type CoordinatorEvent,
} from '@dbcluster/coordinator'
import type { NodeMessage } from '@dbcluster/protocol'
import type { Machine } from './model/machine.js'
import { PortPool } from './model/port-pool.js'
import type { RaftFabric } from './model/raft/raft-fabric.js'
import type { Endpoint, Network } from './network.js'
import { describeNode, memoryOf } from './node-memory.js'
import { performEffect, type Tellers } from './perform-effect.js'
import type { Random } from './random.js'
import type { Sabotage } from './sabotage.js'
import type { Schedule } from './schedule.js'
import { SimGates } from './sim-gates.js'

/** What watches a node: told of everything that became real, right after it did. */
export interface Observer {
  /** This effect was performed. */
  performed(node: SimNode, effect: CoordinatorEffect): void
  /** This is on its disk now. */
  stored(key: string, value: unknown): void
  /** Its process died. */
  crashed(node: SimNode): void
}

export interface SimNodeInit {
  readonly peerId: string
  readonly config: CoordinatorConfig
  readonly ports: number
  readonly founder: boolean
  readonly schedule: Schedule
  readonly random: Random
  readonly network: Network
  readonly machine: Machine
  readonly fabric: RaftFabric
  readonly observer: Observer
  readonly sabotage: Sabotage
}

/** One node: the real core, with a shell that can be stopped between any two effects. */
export class SimNode implements Endpoint {
  readonly peerId: string
  readonly machine: Machine
  readonly store = new Map<string, unknown>()
  /** How long a write to disk takes, milliseconds. */
  readonly disk = { low: 0.1, high: 1.5 }
  /** Effects until the process dies; unset, it lives on. */
  fuse: number | undefined
  incarnation: string
  core: CoordinatorCore | undefined
  ports: PortPool
  gates: SimGates
  paused = false
  readonly #init: SimNodeInit
  /** Each node's clock starts somewhere else. */
  readonly #clockOffsetMs: number
  #inbox: CoordinatorEvent[] = []
  #queue: CoordinatorEffect[] = []
  #draining = false
  #life = 0
  #cancelTimer: () => void = () => {}

  constructor(init: SimNodeInit) {
    this.#init = init
    this.peerId = init.peerId
    this.machine = init.machine
    this.incarnation = init.random.hex(8)
    this.#clockOffsetMs = init.random.integer(0, 1_000_000)
    this.ports = this.#createPorts()
    this.gates = this.#createGates()
  }

  get alive(): boolean {
    return this.core !== undefined
  }

  /** Alive and not paused. */
  get working(): boolean {
    return this.alive && !this.paused
  }

  start(): void {
    if (this.alive) return
    this.#life += 1
    this.paused = false
    this.fuse = undefined
    this.ports = this.#createPorts()
    this.gates = this.#createGates()
    const self = { peerId: this.peerId, incarnation: this.incarnation }
    this.core = new CoordinatorCore({ config: this.#init.config, self, memory: memoryOf(this.store) })
    const founder = this.#init.founder && this.core.roster === undefined && !this.store.has('wiped')
    this.dispatch({ type: 'started', founder, info: describeNode(this.peerId, this.#init) })
    this.#init.network.connectAll()
  }

  /** The process dies here and now: what was not performed never will be. */
  crash(childDeathShare = 0): void {
    if (!this.alive) return
    this.#life += 1
    this.core = undefined
    this.#inbox = []
    this.#queue = []
    this.#draining = false
    this.#cancelTimer()
    this.gates.end()
    this.machine.orphan(childDeathShare)
    this.#init.network.disconnectAll(this.peerId)
    this.#init.observer.crashed(this)
  }

  /** The disk is lost, with everything on it; the identity stays. */
  loseStore(): void {
    this.crash(1)
    this.machine.wipe()
    this.store.clear()
    this.store.set('wiped', true)
    this.incarnation = this.#init.random.hex(8)
  }

  /** SIGSTOP: nothing is handled until {@link resume}. */
  pause(): void {
    if (this.alive) this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    const events = this.#inbox
    this.#inbox = []
    for (const event of events) this.dispatch(event)
    this.#drain()
    this.#setTimer()
  }

  connected(peerId: string): void {
    this.dispatch({ type: 'peerConnected', peerId })
  }

  disconnected(peerId: string): void {
    this.dispatch({ type: 'peerDisconnected', peerId })
  }

  received(from: string, message: NodeMessage): void {
    this.dispatch({ type: 'messageReceived', from, message })
  }

  dispatch(event: CoordinatorEvent): void {
    if (this.core === undefined) return
    if (this.paused) return void this.#inbox.push(event)
    for (const told of this.#init.sabotage.events?.(this, event) ?? [event]) this.#step(this.core, told)
    this.#setTimer()
    this.#drain()
  }

  #step(core: CoordinatorCore, event: CoordinatorEvent): void {
    const { schedule, random, sabotage } = this.#init
    const nowMs = schedule.nowMs + this.#clockOffsetMs
    const effects = core.step(event, { nowMs, entropy: random.hex(16) })
    this.#queue.push(...(sabotage.effects?.(this, effects) ?? effects))
  }

  /** Performs effects in their order; a write to disk takes its time, and everything after it waits. */
  #drain(): void {
    if (this.#draining || this.paused) return
    this.#draining = true
    const life = this.#life
    while (this.#queue.length > 0 && this.#life === life && !this.paused) {
      if (this.#queue[0]?.type === 'persist') return this.#write()
      const effect = this.#queue.shift()
      if (effect === undefined || this.#burn()) return
      performEffect(this, effect, this.#init, this.#tellers())
      if (this.#life === life) this.#init.observer.performed(this, effect)
    }
    if (this.#life === life) this.#draining = false
  }

  #write(): void {
    const { schedule, random, observer } = this.#init
    const life = this.#life
    schedule.after(random.between(this.disk.low, this.disk.high), () => {
      if (this.#life !== life) return
      const effect = this.#queue.shift()
      if (effect?.type !== 'persist' || this.#burn()) return
      for (const { key, value } of effect.writes) {
        if (value === undefined) this.store.delete(key)
        else this.store.set(key, value)
        observer.stored(key, value)
      }
      this.#draining = false
      this.#drain()
    })
  }

  /** @returns true when the process died here */
  #burn(): boolean {
    if (this.fuse === undefined) return false
    this.fuse -= 1
    if (this.fuse > 0) return false
    this.crash(0.3)
    return true
  }

  /** Tells this life of the process, and no later one. */
  #tellers(): Tellers {
    const life = this.#life
    const tell = (event: CoordinatorEvent): void => {
      if (this.#life === life) this.dispatch(event)
    }
    return { tell, later: (delayMs, event) => void this.#init.schedule.after(delayMs, () => tell(event())) }
  }

  #setTimer(): void {
    this.#cancelTimer()
    if (this.core === undefined) return
    const delayMs = Math.max(1, this.core.nextDeadlineMs() - this.#clockOffsetMs - this.#init.schedule.nowMs)
    if (!Number.isFinite(delayMs)) return
    this.#cancelTimer = this.#init.schedule.after(delayMs, () => {
      if (!this.paused) this.dispatch({ type: 'ticked' })
    })
  }

  #createGates(): SimGates {
    return new SimGates(this.#init.schedule, (name) => this.dispatch({ type: 'queryHeld', name }))
  }

  #createPorts(): PortPool {
    const { random, ports } = this.#init
    return new PortPool({
      host: `${this.peerId.toLowerCase()}.sim`,
      size: ports,
      random,
      isBound: (httpPort) => this.machine.isBound(httpPort),
    })
  }
}
