import {
  type DatabaseRecord,
  DbClusterError,
  type Operation,
  type OperationResults,
  type RecoveryResult,
} from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'
import type { Ask } from '../passage.js'
import { forward } from '../routing/forwarder.js'
import { unlessAborted } from '../wait.js'

/** Operations on nodes, for whoever holds the cluster key. */
export type NodeOperation = Extract<Operation, { op: 'drainNode' | 'forgetNode' }>

/** Whether an operation is about nodes. */
export const isNodeOperation = (operation: Operation): operation is NodeOperation =>
  operation.op === 'drainNode' || operation.op === 'forgetNode'

/**
 * Empties a node, or strikes one off the roster. An app's credential, whatever its scope, speaks for its databases only.
 * @throws DbClusterError `FORBIDDEN`, `CONFLICT`, `NODE_UNREACHABLE`, `TIMEOUT`
 */
export const operateNode = async (
  components: Pick<QueryComponents, 'coordinator' | 'network'>,
  ask: Ask,
  operation: NodeOperation,
): Promise<OperationResults[NodeOperation['op']]> => {
  if (ask.principal.operator !== true) {
    throw new DbClusterError('FORBIDDEN', `${operation.op} is for operators of the network`, {
      hint: 'use `dbcluster node` on a machine that holds the cluster key',
    })
  }
  const { coordinator, network } = components
  const { peerId } = operation
  if (operation.op === 'forgetNode') {
    const { members } = await unlessAborted(coordinator.operate({ kind: 'forget', peerId }), ask.deadline.signal)
    return { peer_id: peerId, members: Number(members) }
  }
  if (peerId !== network.peerId) {
    const { result } = await forward(network, peerId, ask, { readOnly: false })
    return result as OperationResults['drainNode']
  }
  const asked = coordinator.operate({ kind: 'drain', on: operation.on })
  const { databases } = await unlessAborted(asked, ask.deadline.signal)
  return { peer_id: peerId, draining: operation.on, databases: Number(databases) }
}

/** Operations on a database's replicas. */
export type ReplicaOperation = Extract<Operation, { op: 'setReplication' | 'recover' }>

/** Changes how many replicas a database has, or recovers one that lost its majority. */
export const operateDatabase = async (
  { coordinator }: Pick<QueryComponents, 'coordinator'>,
  ask: Ask,
  about: { readonly record: DatabaseRecord; readonly database: string; readonly operation: ReplicaOperation },
): Promise<OperationResults[ReplicaOperation['op']]> => {
  const { record, database, operation } = about
  const { name } = record
  const { signal } = ask.deadline
  if (operation.op === 'setReplication') {
    const { replicationFactor } = operation
    await unlessAborted(coordinator.operate({ kind: 'setReplication', name, replicationFactor }), signal)
    return { database, replication_factor: replicationFactor }
  }
  const { confirm } = operation
  if (confirm !== undefined && confirm !== database) {
    throw new DbClusterError(
      'INVALID_REQUEST',
      `${JSON.stringify(confirm)} does not confirm the recovery of ${database}`,
      {
        hint: 'confirm with the very name of the database',
      },
    )
  }
  const details = await unlessAborted(
    coordinator.operate({ kind: 'recover', name, confirmed: confirm !== undefined }),
    signal,
  )
  return { database, ...(details as Omit<RecoveryResult, 'database'>) }
}
