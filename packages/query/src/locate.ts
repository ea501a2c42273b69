import { effectiveReplicas } from '@dbcluster/metadata'
import type { DatabaseRecord, OperationResults } from '@dbcluster/protocol'
import type { QueryComponents } from './components.js'
import type { Deadline } from './deadline.js'
import type { ReplicaSessions } from './replica-session.js'

/** Where a database's replicas are reached, the leader's node first where it is known. */
export const locate = async (
  components: QueryComponents,
  sessions: ReplicaSessions,
  record: DatabaseRecord,
  deadline: Deadline,
): Promise<OperationResults['locate']> => {
  const leader = await sessions.leaderOf(record.name, deadline.signal)
  const placed = effectiveReplicas(record)
  const order = [...placed.filter((one) => one.raftId === leader), ...placed.filter((one) => one.raftId !== leader)]
  const info = new Map(components.coordinator.nodes().map((node) => [node.peerId, node.info.value.multiaddrs]))
  return {
    replicas: order.map(({ peerId }) => ({
      peerId,
      multiaddrs: peerId === components.network.peerId ? components.network.multiaddrs() : (info.get(peerId) ?? []),
    })),
  }
}
