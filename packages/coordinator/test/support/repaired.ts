import type { DatabaseRecord } from '@dbcluster/protocol'
import type { LocalReplica, Memory } from '../../src/core/events.js'
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

/** A node's replica as its disk has it, with the record that it knew. */
export const rememberedAt = (cluster: LocalCluster, peerId: string): Memory => {
  const writes = cluster
    .node(peerId)
    .all('persist')
    .flatMap((effect) => effect.writes)
  const kept = writes.filter(({ key }) => key === `replica/${NAME}`).at(-1)?.value as LocalReplica | undefined
  const { roster } = cluster.node(peerId).core
  return {
    acceptors: [],
    records: [recordAt(cluster, peerId)],
    replicas: kept === undefined ? [] : [kept],
    ...(roster && { roster }),
  }
}
