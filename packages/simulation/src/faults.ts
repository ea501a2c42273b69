import type { RosterVote } from '@dbcluster/coordinator'
import type { NodeMessage, Roster } from '@dbcluster/protocol'
import { mendMachine, strikeMachine } from './machine-faults.js'
import { cutOneWay, isolate, partition, storm } from './network-faults.js'
import type { SimNode } from './sim-node.js'
import type { World } from './world.js'

/** What may go wrong, and how often relative to each other. */
export interface FaultMix {
  readonly crash?: number
  /** Dies between two effects, soon. */
  readonly crashInside?: number
  readonly pause?: number
  readonly partition?: number
  readonly oneWay?: number
  readonly disconnect?: number
  readonly storm?: number
  readonly slowDisk?: number
  readonly loseStore?: number
  /** One rqlited dies by itself. */
  readonly killReplica?: number
  /** One rqlited hangs. */
  readonly freezeReplica?: number
  /** No room on a machine's disk, for its rqlited processes. */
  readonly fullDisk?: number
  /** Strangers take ports on a machine. */
  readonly stealPorts?: number
  /** Strikes whoever next says a certain thing, right after it is said. */
  readonly trap?: number
}

/** Moments that are worth a trap. */
const TRAPPED: readonly NodeMessage['type'][] = [
  'DATABASE_CREATE_REQUEST',
  'DATABASE_CREATE_CONFIRM',
  'DATABASE_CREATE_ACCEPTED',
  'DATABASE_CREATE_ACCEPTED',
  'DATABASE_DELETE_REQUEST',
  'DATABASE_DELETE_RESPONSE',
  'NODE_JOIN_REQUEST',
  'NODE_ROSTER_PREPARE',
  'NODE_ROSTER_ACCEPT',
  'NODE_ROSTER_ACCEPTED',
  'NODE_ACCEPTOR_PAGE',
  'NODE_ACCEPTOR_STORED',
  'DATABASE_SLEEP_PREPARE',
  'DATABASE_SLEEP_PROMISE',
  'DATABASE_SHUTDOWN_COORDINATED',
  'DATABASE_WAKEUP_REQUEST',
  'DATABASE_WAKE_PORTS',
  'NODE_REPLACEMENT_CONFIRM',
  'NODE_REPLACEMENT_READY',
  'NODE_REPLACEMENT_JOIN',
  'NODE_REPLACEMENT_JOIN',
]

/** A proposer that is paused, or cut off, may still propose a newcomer that has lost its disk since it asked. */
const STALE_ADMISSION_MS = 15_000

/** Things that go wrong, at random. Each fault mends itself after a while; {@link Faults.mend} mends all. */
export class Faults {
  readonly #world: World
  readonly #absent = new Set<SimNode>()
  #newcomerLostMs = Number.NEGATIVE_INFINITY
  #trap: { readonly type: NodeMessage['type']; skip: number } | undefined

  constructor(world: World) {
    this.#world = world
    world.monitor.onSent = (node, message) => this.#onSent(node, message)
  }

  /** Nodes that have not been started yet: faults and mending leave them alone. */
  keepAbsent(nodes: readonly SimNode[]): void {
    for (const node of nodes) this.#absent.add(node)
  }

  /** Starts a node for the first time. */
  bringIn(node: SimNode): void {
    this.#absent.delete(node)
    node.start()
  }

  /** For `durationMs`, something goes wrong every `everyMs` or so. */
  rage(durationMs: number, everyMs: number, mix: FaultMix): void {
    const { schedule, random } = this.#world
    const untilMs = schedule.nowMs + durationMs
    const kinds = (Object.entries(mix) as [keyof FaultMix, number][]).flatMap(([kind, weight]) =>
      Array.from({ length: weight }, () => kind),
    )
    const next = (): void => {
      schedule.after(random.between(0.2 * everyMs, 1.8 * everyMs), () => {
        if (schedule.nowMs >= untilMs) return
        const kind = random.pick(kinds)
        if (this.#world.plan.admits('fault')) this.#strike(kind)
        next()
      })
    }
    if (kinds.length > 0) next()
  }

  /** Everything works again, at once. */
  mend(): void {
    const { network, nodes } = this.#world
    this.#trap = undefined
    network.heal()
    network.weather.delayMs = { low: 0.2, high: 2 }
    for (const node of nodes) {
      node.fuse = undefined
      node.disk.high = 1.5
      mendMachine(node)
      node.resume()
      if (!this.#absent.has(node)) node.start()
    }
    network.connectAll()
  }

  #strike(kind: keyof FaultMix): void {
    const { random, monitor } = this.#world
    const node = random.pick(this.#present())
    monitor.trace(() => `${node.peerId} *** ${kind}`)
    switch (kind) {
      case 'crash':
        return this.#crash(node)
      case 'crashInside':
        if (node.alive) node.fuse = random.integer(1, 30)
        return this.#restartLater(node)
      case 'pause':
        return this.#pause(node)
      case 'partition':
        return partition(this.#world)
      case 'oneWay':
        return cutOneWay(this.#world, node)
      case 'disconnect':
        return this.#world.network.disconnectAll(node.peerId)
      case 'storm':
        return storm(this.#world)
      case 'slowDisk':
        node.disk.high = random.between(5, 300)
        return void this.#world.schedule.after(random.between(200, 4_000), () => {
          node.disk.high = 1.5
        })
      case 'loseStore':
        return this.loseStore(node)
      case 'killReplica':
      case 'freezeReplica':
      case 'fullDisk':
      case 'stealPorts':
        return strikeMachine(this.#world, node, kind)
      case 'trap':
        this.#trap = { type: random.pick(TRAPPED), skip: random.integer(0, 3) }
        return
    }
  }

  /** Its effects up to a few further ones are performed, then it is struck. */
  #onSent(node: SimNode, message: NodeMessage): void {
    if (this.#trap?.type !== message.type) return
    this.#trap.skip -= 1
    if (this.#trap.skip >= 0) return
    this.#trap = undefined
    const { random, schedule, monitor } = this.#world
    const blow = random.pick(['crash', 'crash', 'pause', 'isolate', 'loseStore'] as const)
    monitor.trace(() => `${node.peerId} *** ${blow}, trapped by ${message.type}`)
    if (blow === 'crash') {
      node.fuse = random.integer(1, 6)
      return this.#restartLater(node)
    }
    schedule.after(random.between(0, 3), () => {
      if (blow === 'pause') this.#pause(node)
      else if (blow === 'isolate') isolate(this.#world, node)
      else this.loseStore(node)
    })
  }

  #present(): SimNode[] {
    return this.#world.nodes.filter((node) => !this.#absent.has(node))
  }

  #crash(node: SimNode): void {
    node.crash(this.#world.random.pick([0, 0.3, 1]))
    this.#restartLater(node)
  }

  #restartLater(node: SimNode): void {
    this.#world.schedule.after(this.#world.random.between(50, 6_000), () => node.start())
  }

  #pause(node: SimNode): void {
    const { schedule, random, network } = this.#world
    node.pause()
    const pausedMs = random.between(50, 8_000)
    if (random.chance(0.4)) schedule.after(pausedMs * 0.6, () => node.paused && network.disconnectAll(node.peerId))
    schedule.after(pausedMs, () => node.resume())
  }

  /**
   * The disk fails, within what is survived: a majority of every roster that somebody still holds for the newest, or
   * has voted for, keeps its memory. A newcomer counts as one member more, since its admission may be under way: it loses its disk only
   * while all members have theirs, and counts as a member without one for a while.
   */
  loseStore(node: SimNode): void {
    const rosters = this.#world.nodes.flatMap(({ store }) => {
      const vote = store.get('rosterVote') as RosterVote | undefined
      return [store.get('roster') as Roster | undefined, vote?.accepted?.roster].flatMap((roster) => roster ?? [])
    })
    if (rosters.length === 0 || !rosters.every((roster) => this.#survives(roster, node))) return
    const isNewcomer = rosters.some(({ members }) => !members.some(({ peerId }) => peerId === node.peerId))
    if (isNewcomer) this.#newcomerLostMs = this.#world.nowMs
    node.loseStore()
    this.#restartLater(node)
  }

  #survives({ members }: Roster, lost: SimNode): boolean {
    const remember = members.filter(({ peerId, incarnation }) =>
      this.#world.nodes.some((node) => node !== lost && node.peerId === peerId && node.incarnation === incarnation),
    )
    const isMember = members.some(({ peerId }) => peerId === lost.peerId)
    const mayGrow = !isMember || this.#world.nowMs - this.#newcomerLostMs < STALE_ADMISSION_MS
    const asMember = mayGrow ? members.length + 1 : members.length
    return remember.length > asMember / 2 && (isMember || remember.length === members.length)
  }
}
