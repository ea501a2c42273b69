import { effectiveReplicas } from '@dbcluster/metadata'
import type {
  DatabaseRecord,
  DatabaseStatus,
  DatabaseStatusResult,
  NodeStatus,
  ReplicaStatus,
} from '@dbcluster/protocol'
import type { QueryComponents } from './components.js'
import type { Deadline } from './deadline.js'
import type { ReplicaSessions } from './replica-session.js'

/** What a user sees of one database: from the metadata, and from this node's own replica where it has one. */
export const databaseStatus = async (
  components: QueryComponents,
  sessions: ReplicaSessions,
  about: { readonly record: DatabaseRecord; readonly database: string; readonly deadline: Deadline },
): Promise<DatabaseStatusResult> => {
  const { record } = about
  const leader = await sessions.leaderOf(record.name, about.deadline.signal).catch(() => undefined)
  const replicas = effectiveReplicas(record).map((replica): ReplicaStatus => {
    const own = record.replicas[replica.peerId]?.value
    const down =
      replica.peerId !== components.network.peerId && components.network.health(replica.peerId).state === 'unhealthy'
    return {
      peer_id: replica.peerId,
      status: down ? 'unreachable' : own?.clusterId === record.decree.clusterId ? own.status : 'starting',
      http_port: replica.httpPort,
      raft_port: replica.raftPort,
      leader: replica.raftId === leader,
      last_query:
        replica.peerId === components.network.peerId ? (sessions.lastQuery(record.name)?.toISOString() ?? null) : null,
    }
  })
  return {
    database: about.database,
    status: statusOf(record, replicas),
    cluster_id: record.decree.clusterId,
    replication_factor: record.decree.replicationFactor,
    replicas,
    rqlite_version: nodeVersion(components, replicas[0]?.peer_id),
  }
}

const statusOf = (record: DatabaseRecord, replicas: readonly ReplicaStatus[]): DatabaseStatus => {
  if (!record.established) return 'creating'
  const up = replicas.filter((replica) => replica.status === 'active').length
  if (up > replicas.length / 2) return 'active'
  return replicas.some((replica) => replica.status === 'starting') ? 'waking' : 'unavailable'
}

const nodeVersion = (components: QueryComponents, peerId: string | undefined): string =>
  components.coordinator.nodes().find((node) => node.peerId === peerId)?.info.value.rqliteVersion ?? ''

/** Every node of the network as this one sees it. */
export const networkStatus = (components: QueryComponents): readonly NodeStatus[] =>
  components.coordinator.nodes().map((node): NodeStatus => {
    const { value } = node.info
    const self = node.peerId === components.network.peerId
    const health = self ? undefined : components.network.health(node.peerId)
    const seen = self ? new Date() : health?.lastSeenAt
    return {
      peer_id: node.peerId,
      health: health?.state ?? 'healthy',
      last_seen: seen?.toISOString() ?? null,
      databases: value.databases,
      max_databases: value.maxDatabases,
      rqlite_version: value.rqliteVersion,
    }
  })
