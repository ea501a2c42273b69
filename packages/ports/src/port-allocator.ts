import { DbClusterError } from '@dbcluster/protocol'
import type { PortProbe } from './port-probe.js'
import { inRange, type PortRange, portsFrom, rangeSize } from './port-range.js'

/** Settings of an allocator. */
export interface PortAllocatorInit {
  readonly http: PortRange
  readonly raft: PortRange
  /** How long a lease lasts that nobody confirms. @default 30_000 */
  readonly leaseMs?: number
}

/** What an allocator works with. */
export interface PortAllocatorComponents {
  /** Can rqlited's HTTP port be bound? */
  readonly probeHttp: PortProbe
  /** Can its Raft port be bound? */
  readonly probeRaft: PortProbe
  /** From 0 up to, not including, 1. */
  readonly random: () => number
  readonly nowMs: () => number
}

/** A pair of ports for one replica. */
export interface PortPair {
  readonly httpPort: number
  readonly raftPort: number
}

/** A pair that one owner holds. */
export interface PortLease extends PortPair {
  readonly owner: string
  /** When it ends by itself; `Infinity` once confirmed. */
  readonly expiresAtMs: number
}

/** Hands out ports, never one to two owners. */
export interface PortAllocator {
  /**
   * A free pair: the preferred one if it can be had, else random ones. An owner that holds a pair gets it again.
   * @throws DbClusterError `PORTS_EXHAUSTED`
   */
  lease(owner: string, preferred?: PortPair): Promise<PortLease>
  /** Takes a pair that is known from before, without a probe: its own process may sit on it. @throws DbClusterError `CONFLICT` */
  reserve(owner: string, ports: PortPair): PortLease
  /** The lease stays until released, under a new owner's name if given. @throws DbClusterError `CONFLICT` when it ended before */
  confirm(owner: string, newOwner?: string): PortLease
  /** Gives the pair back; an owner without one is no error. */
  release(owner: string): void
  /** The pair is a sleeping replica's home: it is handed to others only when nothing else is left. */
  rest(owner: string): void
  /** The pair of an owner. */
  of(owner: string): PortLease | undefined
  /** Pairs that could still be handed out at most. */
  free(): number
}

/** Makes an allocator. */
export const createPortAllocator =
  (init: PortAllocatorInit) =>
  (components: PortAllocatorComponents): PortAllocator =>
    new RandomPortAllocator(init, components)

type Kind = 'http' | 'raft'

class RandomPortAllocator implements PortAllocator {
  readonly #init: Required<PortAllocatorInit>
  readonly #components: PortAllocatorComponents
  readonly #leases = new Map<string, PortLease>()
  /** Who holds a port, leases under way included. */
  readonly #holders = new Map<number, string>()
  readonly #resting = new Map<string, PortPair>()
  readonly #pending = new Map<string, Promise<PortLease>>()

  constructor(init: PortAllocatorInit, components: PortAllocatorComponents) {
    this.#init = { leaseMs: 30_000, ...init }
    this.#components = components
  }

  lease(owner: string, preferred?: PortPair): Promise<PortLease> {
    this.#expire()
    const held = this.#leases.get(owner)
    if (held !== undefined) return Promise.resolve(held)
    const pending = this.#pending.get(owner) ?? this.#find(owner, preferred ?? this.#resting.get(owner))
    this.#pending.set(owner, pending)
    return pending.finally(() => this.#pending.delete(owner))
  }

  reserve(owner: string, ports: PortPair): PortLease {
    this.#expire()
    for (const port of [ports.httpPort, ports.raftPort]) {
      const holder = this.#holders.get(port)
      if (holder === undefined || holder === owner) continue
      throw new DbClusterError('CONFLICT', `port ${port} of ${owner} is held by ${holder}`, {
        hint: 'two replicas claim one port: look for a data directory that was copied',
        details: { port, owner, holder },
      })
    }
    // A pair that it held before would otherwise never come back.
    this.release(owner)
    // Field by field: what is passed may have more of them, an owner even.
    const { httpPort, raftPort } = ports
    return this.#hold({ owner, httpPort, raftPort, expiresAtMs: Number.POSITIVE_INFINITY })
  }

  confirm(owner: string, newOwner = owner): PortLease {
    const lease = this.#leases.get(owner)
    if (lease === undefined) {
      throw new DbClusterError('CONFLICT', `the port lease of ${owner} ended before it was confirmed`, {
        hint: `leases last ${this.#init.leaseMs} ms`,
        details: { owner },
      })
    }
    this.release(owner)
    return this.#hold({ ...lease, owner: newOwner, expiresAtMs: Number.POSITIVE_INFINITY })
  }

  release(owner: string): void {
    const lease = this.#leases.get(owner)
    this.#leases.delete(owner)
    this.#resting.delete(owner)
    if (lease !== undefined) for (const port of [lease.httpPort, lease.raftPort]) this.#letGo(port, owner)
  }

  rest(owner: string): void {
    const lease = this.#leases.get(owner)
    if (lease === undefined) return
    this.release(owner)
    this.#resting.set(owner, { httpPort: lease.httpPort, raftPort: lease.raftPort })
  }

  of(owner: string): PortLease | undefined {
    this.#expire()
    return this.#leases.get(owner)
  }

  free(): number {
    this.#expire()
    const used = (range: PortRange): number => [...this.#holders.keys()].filter((port) => inRange(range, port)).length
    const { http, raft } = this.#init
    return Math.min(rangeSize(http) - used(http), rangeSize(raft) - used(raft))
  }

  async #find(owner: string, preferred: PortPair | undefined): Promise<PortLease> {
    const httpPort = await this.#claim('http', owner, preferred?.httpPort)
    try {
      const raftPort = await this.#claim('raft', owner, preferred?.raftPort)
      return this.#hold({ owner, httpPort, raftPort, expiresAtMs: this.#components.nowMs() + this.#init.leaseMs })
    } catch (error) {
      this.#letGo(httpPort, owner)
      throw error
    }
  }

  /** Claims before it probes, so that two searches never meet on one port. */
  async #claim(kind: Kind, owner: string, preferred: number | undefined): Promise<number> {
    const range = this.#init[kind]
    const probe = kind === 'http' ? this.#components.probeHttp : this.#components.probeRaft
    const homes = new Set([...this.#resting.values()].map((pair) => (kind === 'http' ? pair.httpPort : pair.raftPort)))
    const walk = [...portsFrom(range, this.#components.random)]
    const order = [
      ...(preferred === undefined ? [] : [preferred]),
      ...walk.filter((port) => !homes.has(port)),
      ...walk.filter((port) => homes.has(port)),
    ]
    let taken = 0
    for (const port of order) {
      if (this.#holders.has(port)) continue
      this.#holders.set(port, owner)
      if (await probe(port)) return port
      this.#letGo(port, owner)
      taken += 1
    }
    throw this.#exhausted(kind, range, taken)
  }

  #exhausted(kind: Kind, range: PortRange, taken: number): DbClusterError {
    const size = rangeSize(range)
    return new DbClusterError(
      'PORTS_EXHAUSTED',
      `no free ${kind} port in ${range.start}-${range.end}: ${size - taken} of ${size} are held by replicas, ${taken} by other programs`,
      {
        hint: `widen database.port_range_${kind}_start/_end (2 x max_databases is the advice) or free some ports`,
        details: { kind, ...range, takenByOthers: taken },
      },
    )
  }

  #hold(lease: PortLease): PortLease {
    this.#leases.set(lease.owner, lease)
    this.#resting.delete(lease.owner)
    for (const port of [lease.httpPort, lease.raftPort]) this.#holders.set(port, lease.owner)
    return lease
  }

  #letGo(port: number, owner: string): void {
    if (this.#holders.get(port) === owner) this.#holders.delete(port)
  }

  #expire(): void {
    const nowMs = this.#components.nowMs()
    for (const lease of this.#leases.values()) if (lease.expiresAtMs <= nowMs) this.release(lease.owner)
  }
}
