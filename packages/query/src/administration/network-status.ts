import type { NodeStatus } from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'

/** Every node of the network as this one sees it. */
export const networkStatus = ({
  coordinator,
  network,
}: Pick<QueryComponents, 'coordinator' | 'network'>): readonly NodeStatus[] =>
  coordinator.nodes().map((node): NodeStatus => {
    const { value } = node.info
    const self = node.peerId === network.peerId
    const health = self ? undefined : network.health(node.peerId)
    const seen = self ? new Date() : health?.lastSeenAt
    return {
      peer_id: node.peerId,
      health: health?.state ?? 'healthy',
      last_seen: seen?.toISOString() ?? null,
      databases: value.databases,
      max_databases: value.maxDatabases,
      rqlite_version: value.rqliteVersion,
      ...(value.draining === true ? { draining: true } : {}),
    }
  })
