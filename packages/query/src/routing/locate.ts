import { effectiveReplicas } from '@dbcluster/metadata'
import type { DatabaseRecord, OperationResults } from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'
import type { Ask } from '../passage.js'
import type { ReplicaSessions } from './replica-sessions.js'

/** Where a database's replicas are reached, the leader's node first where it is known. */
export const locate = async (
  components: QueryComponents,
  sessions: ReplicaSessions,
  about: { readonly record: DatabaseRecord; readonly ask: Ask; readonly rememberedLeader: string | undefined },
): Promise<OperationResults['locate']> => {
  const { record, ask, rememberedLeader } = about
  const { coordinator, network } = components
  const leader = await sessions.leaderOf(record.name, ask.deadline.signal)
  const placed = effectiveReplicas(record)
  const leads = (peerId: string, raftId: string): boolean =>
    leader === undefined ? peerId === rememberedLeader : raftId === leader
  const order = [
    ...placed.filter(({ peerId, raftId }) => leads(peerId, raftId)),
    ...placed.filter(({ peerId, raftId }) => !leads(peerId, raftId)),
  ]
  const addresses = new Map(coordinator.nodes().map((node) => [node.peerId, node.info.value.multiaddrs]))
  return {
    replicas: order.map(({ peerId }) => ({
      peerId,
      multiaddrs: peerId === network.peerId ? network.multiaddrs() : (addresses.get(peerId) ?? []),
    })),
  }
}
