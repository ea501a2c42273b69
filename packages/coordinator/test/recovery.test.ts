import { describe, expect, test } from '@jest/globals'
import { LocalCluster } from './support/local-cluster.js'
import { LocalRaft } from './support/local-raft.js'

const NAME = 'app_users'

/** A database on four nodes, two of which are lost; the logs of the others end at 7 and 9. */
const start = (): { readonly cluster: LocalCluster; readonly raft: LocalRaft } => {
  const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC', 'NodeD'], {
    replicationFactor: 4,
    healthCheckIntervalMs: 1_000,
    repairLookMs: 500,
  })
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

const recover = (cluster: LocalCluster, confirmed: boolean): unknown => {
  cluster
    .node('NodeA')
    .dispatch({ type: 'operatorAsked', askId: 'op-1', request: { kind: 'recover', name: NAME, confirmed } })
  cluster.run()
  cluster.pass(10_000)
  return cluster.node('NodeA').all('operatorAnswer').at(-1)?.result
}

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

  test('is not recovered while it has a leader', () => {
    const { cluster } = start()
    expect(recover(cluster, true)).toMatchObject({ ok: false, error: { code: 'CONFLICT' } })
  })
})
