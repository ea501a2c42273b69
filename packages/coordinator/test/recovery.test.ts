import { describe, expect, test } from '@jest/globals'
import type { LocalReplica } from '../src/core/events.js'
import { EMPTY_MEMORY, LocalCluster, type LocalNode, rosterOf } from './support/local-cluster.js'
import { LocalRaft } from './support/local-raft.js'

const NAME = 'app_users'
const CONFIG = { replicationFactor: 4, healthCheckIntervalMs: 1_000, repairLookMs: 500 }

/** A database on four nodes, two of which are lost; the logs of the others end at 7 and 9. */
const start = (): { readonly cluster: LocalCluster; readonly raft: LocalRaft } => {
  const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC', 'NodeD'], CONFIG)
  cluster.ensure('NodeA', NAME)
  const decree = cluster.node('NodeA').core.table.database(NAME)?.decree
  if (decree === undefined) throw new Error('no database')
  const raft = new LocalRaft(decree)
  cluster.raft = raft
  raft.lastIndexes.set('NodeA', 7).set('NodeB', 9)
  return { cluster, raft }
}

const lose = (cluster: LocalCluster, raft: LocalRaft): void => {
  raft.leader = ''
  cluster.drop('NodeC')
  cluster.drop('NodeD')
  cluster.pass(20_000)
}

const recover = (cluster: LocalCluster, confirmed: boolean, limitMs = 10_000): unknown => {
  cluster
    .node('NodeA')
    .dispatch({ type: 'operatorAsked', askId: 'op-1', request: { kind: 'recover', name: NAME, confirmed } })
  cluster.run()
  cluster.pass(limitMs)
  return cluster.node('NodeA').all('operatorAnswer').at(-1)?.result
}

/** What a node wrote down of its replica. */
const written = (cluster: LocalCluster, peerId: string): LocalReplica => {
  const writes = cluster
    .node(peerId)
    .all('persist')
    .flatMap((persist) => persist.writes)
  return writes.findLast(({ key }) => key === `replica/${NAME}`)?.value as LocalReplica
}

/** A node dies, and comes back with what it wrote down of its replica, changed at will. */
const restart = (cluster: LocalCluster, peerId: string, change: Partial<LocalReplica> = {}): LocalNode => {
  const before = cluster.node(peerId)
  const replica = written(cluster, peerId)
  const record = before.core.table.database(NAME)
  cluster.drop(peerId)
  const roster = before.core.roster ?? rosterOf([...cluster.nodes.keys()])
  const memory = { ...EMPTY_MEMORY, roster, records: record === undefined ? [] : [record] }
  const node = cluster.add(peerId, { ...memory, replicas: [{ ...replica, ...change }] }, CONFIG)
  cluster.run()
  return node
}

/** How a node had its rqlited started for a recovery. */
const recoveriesOf = (node: LocalNode): readonly unknown[] =>
  node.all('startReplica').flatMap(({ start }) => (start.kind === 'recover' ? [start.peers] : []))

describe('a database that lost its majority', () => {
  test('is left alone, and said to be unavailable with what an operator can do', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    expect(raft.history).toEqual([])
    const said = cluster
      .node('NodeA')
      .all('log')
      .filter(({ message }) => message.startsWith('Database is unavailable'))
    expect(said).toHaveLength(1)
    expect(said[0]?.fields).toMatchObject({
      missing_nodes: ['NodeC', 'NodeD'],
      advice: expect.stringContaining('db recover'),
    })
  })

  test('tells an operator what is left, the best first, and changes nothing without a confirmation', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    expect(recover(cluster, false)).toMatchObject({
      ok: true,
      details: {
        survivors: [
          { peer_id: 'NodeB', last_index: 9, last_term: 2 },
          { peer_id: 'NodeA', last_index: 7, last_term: 2 },
        ],
        missing: ['NodeC', 'NodeD'],
        chosen: 'NodeB',
        recovered: false,
      },
    })
    expect(raft.history).toEqual([])
  })

  test('goes on from the replica with the most; other copies are set aside, and come back as newcomers', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    expect(recover(cluster, true)).toMatchObject({ ok: true, details: { chosen: 'NodeB', recovered: true } })
    expect(raft.history[0]).toBe('recovered from NodeB')
    cluster.pass(20_000)
    expect(
      cluster
        .node('NodeA')
        .all('removeReplica')
        .map(({ reason }) => reason),
    ).toContain('it is no member of its cluster any more')
    expect(cluster.node('NodeA').core.table.database(NAME)?.placement).toMatchObject({ recovery: 1 })
    expect(raft.voters.map(({ id }) => id.split('.')[0]).sort()).toEqual(['NodeA', 'NodeB'])
  })

  test('starts nothing of the new history as what the old one would follow, or be followed by', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    const histories = (peerId: string) =>
      cluster
        .node(peerId)
        .all('startReplica')
        .map(({ start: { kind }, recovery = 0 }) => [kind, recovery])
    const before = histories('NodeA')
    recover(cluster, true)
    cluster.pass(20_000)
    expect(histories('NodeB').at(-1)).toEqual(['recover', 1])
    expect(histories('NodeA').slice(before.length)).toEqual([
      ['warm', 1],
      ['join', 1],
    ])
    const node = restart(cluster, 'NodeA')
    cluster.pass(10_000)
    expect(node.all('startReplica')).toMatchObject([{ start: { kind: 'restart' }, recovery: 1 }])
  })

  test('is recovered when an operator asks again, after the chosen replica failed to start', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    cluster.node('NodeB').rqlited = 'fails'
    expect(recover(cluster, true, 40_000)).toMatchObject({ ok: false, error: { code: 'TIMEOUT' } })
    expect(raft.history).toEqual([])
    cluster.node('NodeB').rqlited = 'works'
    expect(recover(cluster, true)).toMatchObject({ ok: true, details: { chosen: 'NodeB', recovered: true } })
    expect(raft.history[0]).toBe('recovered from NodeB')
  })

  test('is recovered when an operator asks again, after the chosen node was killed with the order on its disk', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    cluster.node('NodeB').rqlited = 'hangs'
    expect(recover(cluster, true, 40_000)).toMatchObject({ ok: false, error: { code: 'TIMEOUT' } })
    // Its rqlited never was of a new history: the others may come back, and it is one of them.
    expect(written(cluster, 'NodeB')).not.toHaveProperty('recovery')
    const node = restart(cluster, 'NodeB')
    cluster.pass(10_000)
    expect(recoveriesOf(node)).toEqual([])
    expect(recover(cluster, true)).toMatchObject({ ok: true, details: { chosen: 'NodeB', recovered: true } })
    expect(written(cluster, 'NodeB')).toMatchObject({ recovery: 1 })
    expect(recoveriesOf(node)).toHaveLength(1)
  })

  test('is not started for one recovery a second time while it starts, and the node says so', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    const node = cluster.node('NodeB')
    node.rqlited = 'hangs'
    recover(cluster, true, 40_000)
    recover(cluster, true, 40_000)
    expect(recoveriesOf(node)).toHaveLength(1)
    const said = node.all('log').filter(({ message }) => message === 'A database is not recovered from this replica')
    expect(said.map(({ fields }) => fields)).toEqual([
      { database: NAME, recovery: 1, reason: 'this replica is starting for that recovery already' },
    ])
  })

  test('is not placed by what leads in a history that was given up', () => {
    const { cluster } = start()
    cluster.pass(2_000)
    const { core } = cluster.node('NodeA')
    const { decree } = core.table.database(NAME) ?? {}
    const own = decree?.replicas.find(({ peerId }) => peerId === 'NodeA')
    if (decree === undefined || own === undefined) throw new Error('it is placed here')
    const { clusterId } = decree
    const placement = { recovery: 1, epoch: 5, replicas: [own] }
    core.table.putPlacement(NAME, { clusterId, placement })
    const voters = decree.replicas.map(({ raftId, host, raftPort }) => ({ id: raftId, address: `${host}:${raftPort}` }))
    const view = { raftId: own.raftId, isLeader: true, leaderId: own.raftId, lastLogIndex: 99, voters }
    const node = cluster.node('NodeA')
    node.dispatch({ type: 'raftSeen', name: NAME, clusterId, proved: true, view })
    expect(core.table.database(NAME)?.placement).toEqual(placement)
    node.dispatch({ type: 'replicaReady', name: NAME, clusterId, recovery: 1 })
    node.dispatch({ type: 'raftSeen', name: NAME, clusterId, proved: true, view })
    expect(core.table.database(NAME)?.placement).toMatchObject({ recovery: 1, epoch: 99 })
  })

  test('goes on alone at the address that the chosen replica has now', () => {
    const { cluster, raft } = start()
    lose(cluster, raft)
    const node = restart(cluster, 'NodeB', { address: { host: 'h', httpPort: 5_901, raftPort: 7_901 } })
    cluster.pass(10_000)
    expect(recover(cluster, true)).toMatchObject({ ok: true, details: { chosen: 'NodeB' } })
    expect(recoveriesOf(node)).toEqual([[{ id: expect.stringMatching(/^NodeB\./), address: 'h:7901' }]])
  })

  test('is not recovered while it has a leader', () => {
    const { cluster } = start()
    expect(recover(cluster, true)).toMatchObject({ ok: false, error: { code: 'CONFLICT' } })
  })
})
