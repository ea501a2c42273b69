import { beforeEach, describe, expect, test } from '@jest/globals'
import { isA, type LocalCluster, type LocalNode } from './support/local-cluster.js'
import { NAME, raftOf, recordAt, removedAt, start, votersOf } from './support/repaired.js'

/** What its leader says of a replica that it finds to be no member. */
const WORD = 'its replacement was broken off'

describe('a newcomer that was told to join, and gets nowhere', () => {
  let cluster: LocalCluster
  let newcomer: LocalNode
  beforeEach(() => {
    cluster = start()
    newcomer = cluster.node('NodeD')
    cluster.drop('NodeC')
    cluster.hold = (letter) => {
      if (isA('NODE_REPLACEMENT_JOIN')(letter)) newcomer.rqlited = 'hangs'
      return (
        newcomer.rqlited === 'hangs' &&
        (isA('NODE_REPLACEMENT_NEEDED')(letter) || isA('NODE_REPLACEMENT_CANCEL')(letter))
      )
    }
    cluster.pass(60_000)
    expect(raftOf(cluster).history).toEqual(['warm NodeD', 'dialled', 'removed NodeC'])
    expect(newcomer.all('startReplica').map(({ start: { kind } }) => kind)).toEqual(['warm', 'join'])
  })

  const about = () => ({ name: NAME, clusterId: recordAt(cluster, 'NodeA').decree.clusterId })
  const joins = () => newcomer.all('startReplica').filter(({ start: { kind } }) => kind === 'join').length
  const cancel = (): void => {
    const raftId = newcomer.all('startReplica').at(-1)?.assignment.raftId ?? ''
    cluster.deliver({ from: 'NodeA', to: 'NodeD', message: { type: 'NODE_REPLACEMENT_CANCEL', ...about(), raftId } })
    cluster.run()
  }
  const giveUp = (): void => {
    newcomer.dispatch({ type: 'replicaFailed', ...about(), error: 'rqlited: gave up' })
    cluster.run()
  }

  test('stays until its try is over for certain, whoever says that it is no member (I5)', () => {
    cancel()
    giveUp()
    cancel()
    cluster.pass(19_000)
    cancel()
    expect(removedAt(newcomer)).not.toContain(WORD)
    cluster.pass(2_000)
    cancel()
    expect(removedAt(newcomer)).toContain(WORD)
  })

  test('goes after a while though nothing is heard of its try, as when a server that was struck off was found running', () => {
    cancel()
    cluster.pass(170_000)
    cancel()
    expect(removedAt(newcomer)).not.toContain(WORD)
    cluster.pass(11_000)
    cancel()
    expect(removedAt(newcomer)).toContain(WORD)
  })

  test('tries again by itself, through the same members, until it is told that it is none', () => {
    giveUp()
    cluster.pass(3_000)
    expect(joins()).toBe(2)
    giveUp()
    cancel()
    cluster.pass(60_000)
    expect(joins()).toBe(2)
  })

  test('comes up as a member when it got in after all', () => {
    cancel()
    giveUp()
    cluster.pass(5_000)
    const { assignment } = newcomer.all('startReplica').at(-1) ?? {}
    if (assignment === undefined) throw new Error('it was never started')
    const before = newcomer.all('startReplica').length
    newcomer.rqlited = 'works'
    raftOf(cluster).join(assignment)
    cluster.pass(20_000)
    expect(newcomer.all('startReplica')).toHaveLength(before + 1)
    expect(newcomer.all('startReplica').at(-1)?.start.kind).toBe('restart')
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeD'])
    cancel()
    cluster.pass(30_000)
    cancel()
    expect(removedAt(newcomer)).not.toContain(WORD)
  })
})

describe('a newcomer', () => {
  test('is never where a replica of its database was before: whoever was away would take it for that one (I4)', () => {
    const cluster = start()
    const newcomer = cluster.node('NodeD')
    const [former] = recordAt(cluster, 'NodeA').decree.replicas
    cluster.drop('NodeC')
    cluster.lastPort = (former?.httpPort ?? 0) - 1
    cluster.pass(4_000)
    expect(newcomer.all('leasePorts').length).toBeGreaterThan(0)
    expect(newcomer.all('startReplica')).toEqual([])
    cluster.pass(30_000)
    const [started] = newcomer.all('startReplica')
    expect(recordAt(cluster, 'NodeA').decree.replicas.map(({ raftPort }) => raftPort)).not.toContain(
      started?.assignment.raftPort,
    )
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeD'])
  })
})

describe('a replica that is gone', () => {
  test('for good with its node costs its leader no proof any more', () => {
    const cluster = start(['NodeA', 'NodeB', 'NodeC', 'NodeD', 'NodeE'])
    cluster.drop('NodeC')
    cluster.pass(20_000)
    const [second = ''] = votersOf(cluster).filter((peerId) => peerId > 'NodeC')
    cluster.drop(second)
    cluster.pass(20_000)
    expect(votersOf(cluster)).not.toContain(second)
    const proofs = () =>
      cluster
        .node('NodeA')
        .all('lookAtRaft')
        .filter(({ prove }) => prove).length
    const before = proofs()
    cluster.pass(20_000)
    expect(proofs()).toBe(before)
  })

  test('is told of as lost when its leader asks for it', () => {
    const cluster = start()
    cluster.drop('NodeC')
    cluster.hold = isA('NODE_REPLACEMENT_JOIN')
    cluster.pass(10_000)
    const record = recordAt(cluster, 'NodeD')
    const raftId = record.replicas.NodeD?.value.address?.raftId ?? ''
    cluster.drop('NodeD')
    const { roster } = cluster.node('NodeA').core
    const back = cluster.add('NodeD', { acceptors: [], records: [record], replicas: [], ...(roster && { roster }) })
    const about = { name: NAME, clusterId: record.decree.clusterId, raftId }
    cluster.deliver({ from: 'NodeA', to: 'NodeD', message: { type: 'NODE_REPLACEMENT_CANCEL', ...about } })
    cluster.run()
    expect(back.core.table.database(NAME)?.replicas.NodeD?.value.status).toBe('lost')
  })
})

describe('a replica that fails to start', () => {
  test('for minutes while the others serve counts as lost, and is replaced', () => {
    const cluster = start()
    const broken = cluster.node('NodeC')
    const { clusterId } = recordAt(cluster, 'NodeC').decree
    for (const peerId of ['NodeA', 'NodeB', 'NodeC'])
      cluster.node(peerId).dispatch({ type: 'replicaReady', name: NAME, clusterId })
    cluster.run()
    broken.rqlited = 'fails'
    broken.dispatch({ type: 'replicaFailed', name: NAME, clusterId, error: 'rqlited: raft.db is damaged' })
    cluster.pass(150_000)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeC'])
    cluster.pass(120_000)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeD'])
  })
})
