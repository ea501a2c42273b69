import { effectiveReplicas } from '@dbcluster/metadata'
import type {
  DatabaseRecord,
  DatabaseStatus,
  DatabaseStatusResult,
  ReplicaAssignment,
  ReplicaStatus,
} from '@dbcluster/protocol'
import type { Activities } from './activity.js'
import type { QueryComponents } from './components.js'
import type { Ask } from './passage.js'
import { peerAnswers } from './peer-answers.js'
import type { ReplicaSessions } from './replica-sessions.js'

/** What a status is put together from. */
export interface StatusComponents extends Pick<QueryComponents, 'coordinator' | 'network'> {
  readonly sessions: ReplicaSessions
  readonly activities: Activities
}

/**
 * What a user sees of one database: from the metadata, and from the nodes that hold its replicas, each of which is asked
 * for its own. A node that was asked by another one tells of itself only.
 */
export const databaseStatus = async (
  components: StatusComponents,
  about: { readonly record: DatabaseRecord; readonly database: string; readonly ask: Ask },
): Promise<DatabaseStatusResult> => {
  const { record, database, ask } = about
  const { network } = components
  const placed = effectiveReplicas(record)
  const others = placed.map((replica) => replica.peerId).filter((peerId) => peerId !== network.peerId)
  const [leader, answers] = await Promise.all([
    components.sessions.leaderNow(record.name, ask.deadline.signal),
    peerAnswers<DatabaseStatusResult>(network, others, ask),
  ])
  const told = (peerId: string): ReplicaStatus | undefined =>
    answers.get(peerId)?.replicas.find((replica) => replica.peer_id === peerId)
  const replicas = placed.map((replica): ReplicaStatus => {
    if (replica.peerId === network.peerId) return ownReplica(components, record, replica, leader)
    return told(replica.peerId) ?? assigned(replica, 'unreachable', leader)
  })
  const shown = ask.hops > 0 ? replicas.filter((replica) => replica.peer_id === network.peerId) : replicas
  return {
    database,
    status: statusOf(record, replicas),
    cluster_id: record.decree.clusterId,
    replication_factor: record.placement?.replicationFactor ?? record.decree.replicationFactor,
    replicas: shown,
    rqlite_version: nodeVersion(components, placed[0]?.peerId),
  }
}

/** Each node knows best whether its own replica leads. */
const ownReplica = (
  { activities }: StatusComponents,
  record: DatabaseRecord,
  replica: ReplicaAssignment,
  leader: string | undefined,
): ReplicaStatus => {
  const own = record.replicas[replica.peerId]?.value
  const status = own?.clusterId === record.decree.clusterId ? own.status : 'starting'
  const { lastQueryAt } = activities.of(record.name)
  return { ...assigned(replica, status, leader), last_query: lastQueryAt?.toISOString() ?? null }
}

const assigned = (replica: ReplicaAssignment, status: string, leader: string | undefined): ReplicaStatus => ({
  peer_id: replica.peerId,
  status,
  http_port: replica.httpPort,
  raft_port: replica.raftPort,
  leader: replica.raftId === leader,
  last_query: null,
})

const statusOf = (record: DatabaseRecord, replicas: readonly ReplicaStatus[]): DatabaseStatus => {
  if (!record.established) return 'creating'
  const up = replicas.filter((replica) => replica.status === 'active').length
  if (up > replicas.length / 2) return 'active'
  return replicas.some((replica) => replica.status === 'starting') ? 'waking' : 'unavailable'
}

const nodeVersion = ({ coordinator }: StatusComponents, peerId: string | undefined): string =>
  coordinator.nodes().find((node) => node.peerId === peerId)?.info.value.rqliteVersion ?? ''
