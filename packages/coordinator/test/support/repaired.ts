import type { DatabaseRecord } from '@dbcluster/protocol'
import { LocalCluster, type LocalNode } from './local-cluster.js'
import { LocalRaft } from './local-raft.js'

export const PEERS = ['NodeA', 'NodeB', 'NodeC', 'NodeD']
export const NAME = 'app_users'

/** Four nodes, a database on three of them, NodeA's rqlited leads. */
export const start = (peers = PEERS): LocalCluster => {
  const cluster = LocalCluster.of(peers, { healthCheckIntervalMs: 1_000, repairLookMs: 500 })
  cluster.ensure('NodeA', NAME)
  cluster.raft = new LocalRaft(recordAt(cluster, 'NodeA').decree)
  cluster.pass(2_000)
  return cluster
}

export const recordAt = (cluster: LocalCluster, peerId: string): DatabaseRecord => {
  const record = cluster.node(peerId).core.table.database(NAME)
  if (record === undefined) throw new Error(`${peerId} knows of no ${NAME}`)
  return record
}

export const raftOf = (cluster: LocalCluster): LocalRaft => {
  if (cluster.raft === undefined) throw new Error('no Raft')
  return cluster.raft
}

export const placedOn = (cluster: LocalCluster, peerId: string): readonly string[] => {
  const { placement, decree } = recordAt(cluster, peerId)
  return (placement?.replicas ?? decree.replicas).map((replica) => replica.peerId).sort()
}

export const votersOf = (cluster: LocalCluster): readonly string[] =>
  raftOf(cluster)
    .voters.map(({ id }) => id.split('.')[0] ?? '')
    .sort()

export const removedAt = (node: LocalNode): readonly string[] => node.all('removeReplica').map(({ reason }) => reason)
