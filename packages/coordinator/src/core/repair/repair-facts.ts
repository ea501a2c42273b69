import type { DatabaseRecord, ReplicaAssignment } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { Health } from './health.js'
import type { RaftSeen, RaftVoter } from './repair-events.js'
import type { VoterCondition, VoterStanding } from './repair-plan.js'

/** Which node a Raft server is on: its id begins with the peer id, and has the incarnation of that node's store next. */
const ownerOf = (raftId: string): { readonly peerId: string; readonly incarnation: string } => {
  const [peerId = '', incarnation = ''] = raftId.split('.')
  return { peerId, incarnation }
}

/** Peer id of the node that a Raft server is on. */
export const peerOfRaftId = (raftId: string): string => ownerOf(raftId).peerId

/** Replicas that a database is to have: as an operator set it last, else as it was created. */
export const wantedReplicas = ({ placement, decree }: DatabaseRecord): number =>
  placement?.replicationFactor ?? decree.replicationFactor

/** How each voter's node is doing, as far as this node knows. */
export const standingsOf = (
  context: CoreContext,
  health: Health,
  record: DatabaseRecord,
  view: RaftSeen,
): readonly VoterStanding[] =>
  view.voters.map(({ id }) => {
    const { peerId } = ownerOf(id)
    const info = context.table.node(peerId)?.info.value
    const state = stateOf(record, peerId)
    return {
      raftId: id,
      peerId,
      condition: conditionOf(context, health, record, id),
      caughtUp: state?.status === 'active' && (state.address?.raftId ?? id) === id,
      load: info === undefined ? 0 : info.databases / Math.max(1, info.maxDatabases),
    }
  })

const conditionOf = (context: CoreContext, health: Health, record: DatabaseRecord, raftId: string): VoterCondition => {
  const { peerId, incarnation } = ownerOf(raftId)
  const member = context.roster?.members.find((candidate) => candidate.peerId === peerId)
  // A node that lost its store, or was forgotten and came back, does not know this replica any more.
  if (member?.incarnation !== incarnation || health.isDead(peerId) || isGone(record, raftId)) return 'dead'
  if (health.misses(peerId) || !context.isLive(peerId)) return 'away'
  return context.table.node(peerId)?.info.value.draining === true ? 'leaving' : 'sound'
}

/** Whether its own node says that this replica will never come back. */
export const isGone = (record: DatabaseRecord, raftId: string): boolean => {
  const state = stateOf(record, peerOfRaftId(raftId))
  if (state === undefined) return false
  return (
    (state.left ?? []).includes(raftId) || (state.status === 'lost' && (state.address?.raftId ?? raftId) === raftId)
  )
}

const stateOf = (record: DatabaseRecord, peerId: string) => {
  const state = record.replicas[peerId]?.value
  return state?.clusterId === record.decree.clusterId ? state : undefined
}

/** The placement that Raft's configuration amounts to; undefined while a voter's HTTP port is not known here. */
export const placementOf = (
  record: DatabaseRecord,
  voters: readonly RaftVoter[],
  newcomer: ReplicaAssignment | undefined,
): readonly ReplicaAssignment[] | undefined => {
  const known = [
    ...(newcomer === undefined ? [] : [newcomer]),
    ...(record.placement?.replicas ?? []),
    ...record.decree.replicas,
  ]
  const replicas: ReplicaAssignment[] = []
  for (const { id, address } of voters) {
    const peerId = peerOfRaftId(id)
    const told = stateOf(record, peerId)?.address
    const from = told?.raftId === id ? told : known.find((replica) => replica.raftId === id)
    const { host, port } = splitAddress(address)
    if (from === undefined || port === undefined) return undefined
    replicas.push({ peerId, raftId: id, host, httpPort: from.httpPort, raftPort: port })
  }
  return replicas.sort((a, b) => (a.raftId < b.raftId ? -1 : 1))
}

/** Whether two placements say the same, in whatever order. */
export const samePlacement = (a: readonly ReplicaAssignment[], b: readonly ReplicaAssignment[]): boolean =>
  textOf(a) === textOf(b)

const textOf = (replicas: readonly ReplicaAssignment[]): string =>
  replicas
    .map(({ peerId, raftId, host, httpPort, raftPort }) => [raftId, peerId, host, httpPort, raftPort].join(' '))
    .sort()
    .join('\n')

/** `host:port`, with the brackets that an IPv6 address needs. */
export const raftAddress = ({ host, raftPort }: { readonly host: string; readonly raftPort: number }): string =>
  host.includes(':') ? `[${host}]:${raftPort}` : `${host}:${raftPort}`

/**
 * Whether a replica of this database was at this Raft address before. A member that has been away knows the others by
 * their addresses: a newcomer there, whose log is empty, would give it its vote in the place of the one that is gone, and
 * what was committed meanwhile would be lost.
 */
export const wasAt = (
  record: DatabaseRecord,
  { host, raftPort }: Pick<ReplicaAssignment, 'host' | 'raftPort'>,
): boolean => {
  const told = Object.values(record.replicas).flatMap(({ value }) => value.address ?? [])
  const known = [...record.decree.replicas, ...(record.placement?.replicas ?? []), ...told]
  return known.some((replica) => replica.host === host && replica.raftPort === raftPort)
}

const splitAddress = (address: string): { readonly host: string; readonly port: number | undefined } => {
  const at = address.lastIndexOf(':')
  const port = Number(address.slice(at + 1))
  const host = address.slice(0, at).replace(/^\[|\]$/g, '')
  return { host, port: Number.isInteger(port) && port > 0 ? port : undefined }
}

/** Replicas that nodes tell of and that are no voters; of nodes that can be told so. */
export const strangersOf = (
  context: CoreContext,
  record: DatabaseRecord,
  view: RaftSeen,
): readonly { readonly peerId: string; readonly raftId: string }[] =>
  Object.entries(record.replicas).flatMap(([peerId, { value }]) => {
    const raftId = value.address?.raftId
    if (value.clusterId !== record.decree.clusterId || raftId === undefined || value.status === 'lost') return []
    if (!context.isLive(peerId) || !context.isMember(peerId)) return []
    return view.voters.some(({ id }) => id === raftId) ? [] : [{ peerId, raftId }]
  })
