import type { NodeMessage } from '@dbcluster/protocol'
import type { Random } from './random.js'
import type { Schedule } from './schedule.js'

/** How the network treats messages; all may change while it runs. */
export interface Weather {
  /** One way, milliseconds. */
  delayMs: { low: number; high: number }
  /** Share of messages that vanish. */
  loss: number
  /** Share of messages that arrive twice. */
  duplication: number
}

/** What the network tells a node. */
export interface Endpoint {
  readonly peerId: string
  /** The process runs, paused or not. */
  readonly alive: boolean
  connected(peerId: string): void
  disconnected(peerId: string): void
  received(from: string, message: NodeMessage): void
}

interface Link {
  up: boolean
  connecting: boolean
  /** Counts connections: what was under way on an earlier one is lost. */
  generation: number
}

/** Directed pair. */
const way = (from: string, to: string): string => `${from}>${to}`
const pair = (a: string, b: string): string => (a < b ? `${a}|${b}` : `${b}|${a}`)

/**
 * Streams between nodes: in order per connection and lost with it, slow, lossy, repeating, one way or not at all; and
 * gossip, which keeps no order. No real stream loses or repeats single messages: the model is harsher on purpose.
 */
export class Network {
  readonly weather: Weather = { delayMs: { low: 0.2, high: 2 }, loss: 0, duplication: 0 }
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #links = new Map<string, Link>()
  /** When the last message of a direction arrives: later ones don't overtake it. */
  readonly #lastArrivalMs = new Map<string, number>()
  readonly #blocked = new Set<string>()
  messages = 0
  /** Some way was cut or opened. */
  onChanged: () => void = () => {}

  constructor(schedule: Schedule, random: Random) {
    this.#schedule = schedule
    this.#random = random
  }

  add(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.peerId, endpoint)
  }

  isConnected(a: string, b: string): boolean {
    return this.#links.get(pair(a, b))?.up ?? false
  }

  /** Whether bytes get through both ways. */
  isReachable(a: string, b: string): boolean {
    return a === b || (!this.#blocked.has(way(a, b)) && !this.#blocked.has(way(b, a)))
  }

  /** Nothing passes in this direction any more; nobody is told. */
  block(from: string, to: string): void {
    this.#blocked.add(way(from, to))
    this.onChanged()
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(way(from, to))
    this.onChanged()
    this.connectAll()
  }

  heal(): void {
    this.#blocked.clear()
    this.onChanged()
    this.weather.loss = 0
    this.weather.duplication = 0
    this.connectAll()
  }

  /** Connects, soon, whoever is not connected and could be. */
  connectAll(): void {
    const peers = [...this.#endpoints.keys()]
    for (const [index, a] of peers.entries()) for (const b of peers.slice(index + 1)) this.#connectSoon(a, b)
  }

  disconnect(a: string, b: string): void {
    const link = this.#links.get(pair(a, b))
    if (!link?.up) return
    link.up = false
    link.generation += 1
    for (const [self, other] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#schedule.after(this.#random.between(0, 5), () => {
        if (link.up) return
        this.#endpoints.get(self)?.disconnected(other)
      })
    }
    this.#connectSoon(a, b)
  }

  disconnectAll(peerId: string): void {
    for (const other of this.#endpoints.keys()) if (other !== peerId) this.disconnect(peerId, other)
  }

  send(from: string, to: string, message: NodeMessage): void {
    const link = this.#links.get(pair(from, to))
    if (!link?.up) return
    const copies = this.#random.chance(this.weather.duplication) ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) this.#deliver({ from, to, message, link, inOrder: true })
  }

  /** Gossip: at most once, to whoever is connected somehow, in no order. */
  publish(from: string, message: NodeMessage): void {
    for (const to of this.#mesh(from)) this.#deliver({ from, to, message, link: undefined, inOrder: false })
  }

  #deliver(flight: {
    readonly from: string
    readonly to: string
    readonly message: NodeMessage
    readonly link: Link | undefined
    readonly inOrder: boolean
  }): void {
    const { from, to, message, link } = flight
    if (this.#random.chance(this.weather.loss) || this.#blocked.has(way(from, to))) return
    const generation = link?.generation
    this.#schedule.after(this.#delayMs(from, to, flight.inOrder), () => {
      const endpoint = this.#endpoints.get(to)
      if (!endpoint?.alive || link?.generation !== generation) return
      this.messages += 1
      endpoint.received(from, message)
    })
  }

  #delayMs(from: string, to: string, inOrder: boolean): number {
    const { low, high } = this.weather.delayMs
    const delayMs = this.#random.between(low, high)
    if (!inOrder) return delayMs
    const { nowMs } = this.#schedule
    const arrivalMs = Math.max(nowMs + delayMs, this.#lastArrivalMs.get(way(from, to)) ?? 0)
    this.#lastArrivalMs.set(way(from, to), arrivalMs)
    return arrivalMs - nowMs
  }

  #connectSoon(a: string, b: string): void {
    const link = this.#links.get(pair(a, b)) ?? { up: false, connecting: false, generation: 0 }
    this.#links.set(pair(a, b), link)
    if (link.up || link.connecting || !this.#mayConnect(a, b)) return
    link.connecting = true
    this.#schedule.after(this.#random.between(1, 60), () => {
      link.connecting = false
      if (!this.#mayConnect(a, b)) return
      link.up = true
      for (const [self, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const { generation } = link
        this.#schedule.after(this.#delayMs(other, self, true), () => {
          if (link.generation === generation) this.#endpoints.get(self)?.connected(other)
        })
      }
    })
  }

  #mayConnect(a: string, b: string): boolean {
    const alive = this.#endpoints.get(a)?.alive && this.#endpoints.get(b)?.alive
    return alive === true && this.isReachable(a, b)
  }

  /** Nodes that gossip of `from` reaches over any number of hops. */
  #mesh(from: string): string[] {
    const seen = new Set([from])
    for (const at of seen) {
      for (const to of this.#endpoints.keys()) {
        if (this.isConnected(at, to) && !this.#blocked.has(way(at, to))) seen.add(to)
      }
    }
    seen.delete(from)
    return [...seen]
  }
}
