import { effectiveReplicas } from '@dbcluster/metadata'
import { compareText, type NodeStatus } from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'

/** Databases that are named of a node that is being emptied. */
const MAX_LEAVING = 100

/** Every node of the network as this one sees it; names of databases, whosever they are, are for operators alone. */
export const networkStatus = (
  { coordinator, network }: Pick<QueryComponents, 'coordinator' | 'network'>,
  forOperator: boolean,
): readonly NodeStatus[] =>
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
      ...(value.draining === true && forOperator ? { leaving: databasesOn(coordinator, node.peerId) } : {}),
    }
  })

const databasesOn = (coordinator: QueryComponents['coordinator'], peerId: string): readonly string[] =>
  coordinator
    .databases('')
    .filter((record) => effectiveReplicas(record).some((replica) => replica.peerId === peerId))
    .map(({ name }) => name)
    .sort(compareText)
    .slice(0, MAX_LEAVING)
