import { DbClusterError, type NodeStatus } from '@dbcluster/protocol'

/** A drain that moves nothing for so long is told of again, with what stays and what to do. */
const TELL_MS = 60_000
/** A drain that moves nothing for so long is no longer waited for: longer than a large database takes to be copied. */
const GIVE_UP_MS = 15 * 60_000
/** Databases in one line. */
const NAMES = 5

/** Follows a node that is being drained from one look at the network to the next, and says what there is to say. */
export class DrainProgress {
  readonly #peerId: string
  #left: number
  #movedMs: number
  #toldMs: number
  #wasDraining = false

  /** @param about - replicas at the beginning, and the time in milliseconds, by any clock that only goes forward */
  constructor(peerId: string, about: { readonly databases: number; readonly nowMs: number }) {
    this.#peerId = peerId
    this.#left = about.databases
    this.#movedMs = about.nowMs
    this.#toldMs = about.nowMs
  }

  /** Whether nothing is left to be moved. */
  get isEmpty(): boolean {
    return this.#left === 0
  }

  /**
   * @returns lines for the operator
   * @throws DbClusterError `CONFLICT` when somebody undid the drain, `TIMEOUT` when nothing moved for 15 minutes
   */
  look(nodes: readonly NodeStatus[], nowMs: number): readonly string[] {
    const node = nodes.find((one) => one.peer_id === this.#peerId)
    if (node?.draining === true) this.#wasDraining = true
    else if (node !== undefined && this.#wasDraining) throw undone(this.#peerId, node.databases)
    // A node that is not seen has moved nothing away.
    const left = node?.databases ?? this.#left
    if (left !== this.#left) {
      this.#left = left
      this.#movedMs = nowMs
      this.#toldMs = nowMs
      return [`${replicas(left)} left${namesOf(node)}`]
    }
    if (left === 0) return []
    const stillMs = nowMs - this.#movedMs
    if (stillMs >= GIVE_UP_MS) throw stuck(this.#peerId, left, nodes)
    if (nowMs - this.#toldMs < TELL_MS) return []
    this.#toldMs = nowMs
    const minutes = Math.round(stillMs / 60_000)
    return [`${replicas(left)} left for ${minutes} min now${namesOf(node)}`, `  ${adviceFor(this.#peerId, nodes)}`]
  }
}

const replicas = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`)

const namesOf = (node: NodeStatus | undefined): string => {
  const names = node?.leaving ?? []
  if (names.length === 0) return ''
  const more = (node?.databases ?? 0) - Math.min(NAMES, names.length)
  return `: ${names.slice(0, NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Why nothing moves, as far as the nodes' own words tell, and what an operator can do. */
const adviceFor = (peerId: string, nodes: readonly NodeStatus[]): string => {
  const own = nodes.find((node) => node.peer_id === peerId)
  if (own === undefined || own.health !== 'healthy') return `${peerId} does not answer: look at that node first`
  const others = nodes.filter((node) => node !== own)
  const refusals = others.flatMap((node) => {
    const why = refusalOf(node)
    return why === undefined ? [] : [`${node.peer_id} ${why}`]
  })
  const those = refusals.length === 0 ? '' : ` (${refusals.join(', ')})`
  if (refusals.length === others.length)
    return `No other node takes replicas${those}: add a node, or make room with database.max_databases`
  return `A replica goes only to a node that has none of the same database${those}: add a node, or lower the number of replicas with \`dbcluster db set-replication\`. The node of the database's leader logs "A failed node is not replaced" with the reason`
}

const refusalOf = ({ health, draining, databases, max_databases }: NodeStatus): string | undefined => {
  if (health !== 'healthy') return `is ${health}`
  if (draining === true) return 'is being drained too'
  return databases >= max_databases ? `is full with ${databases}/${max_databases}` : undefined
}

const undone = (peerId: string, left: number): DbClusterError =>
  new DbClusterError('CONFLICT', `${peerId} takes replicas again, and holds ${left}: somebody undid its drain`, {
    hint: 'drain it again if it is to be emptied',
  })

const stuck = (peerId: string, left: number, nodes: readonly NodeStatus[]): DbClusterError =>
  new DbClusterError('TIMEOUT', `nothing was moved off ${peerId} for ${GIVE_UP_MS / 60_000} minutes; ${left} stay`, {
    hint: `${adviceFor(peerId, nodes)}. The drain itself goes on: give the command again to watch it, or end it with --undo`,
  })
