import { effectiveReplicas } from '@dbcluster/metadata'
import type {
  DatabaseRecord,
  DatabaseStatus,
  DatabaseStatusResult,
  ReplicaAssignment,
  ReplicaStatus,
} from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'
import type { Ask } from '../passage.js'
import { peerAnswers } from '../routing/peer-answers.js'
import type { ReplicaSessions } from '../routing/replica-sessions.js'

/** What a status is put together from. */
export interface StatusComponents extends Pick<QueryComponents, 'coordinator' | 'network' | 'gates'> {
  readonly sessions: ReplicaSessions
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
  { gates }: StatusComponents,
  record: DatabaseRecord,
  replica: ReplicaAssignment,
  leader: string | undefined,
): ReplicaStatus => {
  const own = record.replicas[replica.peerId]?.value
  const status = own?.clusterId === record.decree.clusterId ? own.status : 'starting'
  const { lastQueryAt } = gates.of(record.name)
  const at = own?.clusterId === record.decree.clusterId ? own.address : undefined
  return { ...assigned({ ...replica, ...at }, status, leader), last_query: lastQueryAt?.toISOString() ?? null }
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
  const count = (status: string): number => replicas.filter((replica) => replica.status === status).length
  const up = count('active')
  const asleep = count('stopped')
  const starting = count('starting')
  if (up > replicas.length / 2) return 'active'
  // However the others come up: without a majority it does not serve.
  if (up + starting + asleep <= replicas.length / 2) return 'unavailable'
  // Those that are up may still be on their way to sleep.
  return starting > 0 ? 'waking' : 'hibernating'
}

const nodeVersion = ({ coordinator }: StatusComponents, peerId: string | undefined): string =>
  coordinator.nodes().find((node) => node.peerId === peerId)?.info.value.rqliteVersion ?? ''
