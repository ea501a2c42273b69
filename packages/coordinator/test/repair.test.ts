import { describe, expect, test } from '@jest/globals'
import { isA, type LocalCluster, type LocalNode } from './support/local-cluster.js'
import {
  NAME,
  PEERS,
  placedOn,
  raftOf,
  recordAt,
  rememberedAt,
  removedAt,
  start,
  votersOf,
} from './support/repaired.js'

describe('a dead node', () => {
  test('is replaced in order: the newcomer is up and reached, the dead voter goes, the newcomer joins (I3)', () => {
    const cluster = start()
    cluster.drop('NodeC')
    cluster.pass(15_000)
    expect(raftOf(cluster).history).toEqual(['warm NodeD', 'dialled', 'removed NodeC', 'joined NodeD'])
    for (const peerId of ['NodeA', 'NodeB', 'NodeD'])
      expect(placedOn(cluster, peerId)).toEqual(['NodeA', 'NodeB', 'NodeD'])
  })

  test('that nobody can take the place of stays a voter: fewer replicas are no repair', () => {
    const cluster = start(PEERS.slice(0, 3))
    cluster.drop('NodeC')
    cluster.pass(30_000)
    expect(raftOf(cluster).history).toEqual([])
    const reasons = cluster
      .node('NodeA')
      .all('log')
      .filter(({ message }) => message === 'A failed node is not replaced')
    expect(reasons.length).toBeGreaterThan(0)
  })

  test('stays a voter while the chosen newcomer does not come up', () => {
    const cluster = start()
    cluster.node('NodeD').rqlited = 'hangs'
    cluster.drop('NodeC')
    cluster.pass(60_000)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeC'])
    cluster.node('NodeD').rqlited = 'works'
    cluster.pass(120_000)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeD'])
  })

  test('whose rqlited goes on leading is removed through that leader by the lowest of the others', () => {
    const cluster = start()
    const raft = raftOf(cluster)
    raft.leader = raft.voters.find(({ id }) => id.startsWith('NodeC'))?.id ?? ''
    cluster.drop('NodeC')
    cluster.pass(20_000)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeD'])
  })

  test('finds its copy disowned when it returns, but acts on that only once it has compared its store (I5)', () => {
    const cluster = start()
    const memory = rememberedAt(cluster, 'NodeC')
    cluster.drop('NodeC')
    cluster.pass(15_000)
    cluster.hold = isA('METADATA_DIGEST')
    const back = cluster.add('NodeC', memory)
    back.dispatch({
      type: 'messageReceived',
      from: 'NodeA',
      message: { type: 'METADATA_UPDATE', records: [recordAt(cluster, 'NodeA')] },
    })
    cluster.run()
    expect(removedAt(back)).toEqual([])
    cluster.hold = () => false
    cluster.pass(20_000)
    expect(removedAt(back)).toEqual(['it is no member of its cluster any more'])
    // Its leader need not ask for what has gone.
    expect(
      Object.entries(recordAt(cluster, 'NodeA').replicas).find(([peerId]) => peerId === 'NodeC')?.[1].value.status,
    ).toBe('lost')
    const proofs = (): number => {
      const looks = cluster.node('NodeA').all('lookAtRaft')
      return looks.filter(({ prove }) => prove).length
    }
    const before = proofs()
    cluster.pass(20_000)
    expect(proofs()).toBe(before)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeD'])
  })
})

describe('a newcomer', () => {
  test('that was started for nothing goes again, and gives its ports back (I8)', () => {
    const cluster = start()
    cluster.drop('NodeC')
    cluster.hold = isA('NODE_REPLACEMENT_READY')
    cluster.pass(8_000)
    expect(raftOf(cluster).history).toEqual(['warm NodeD'])
    cluster.hold = (letter) => isA('NODE_REPLACEMENT_READY')(letter) || isA('NODE_REPLACEMENT_NEEDED')(letter)
    cluster.pass(120_000)
    expect(removedAt(cluster.node('NodeD'))).toContain('its replacement was broken off')
    expect(cluster.node('NodeD').leases.size).toBe(0)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeC'])
  })

  test('that two nodes ask for at once comes once, and the ports of the other offer go back (I8)', () => {
    const cluster = start()
    const about = { name: NAME, clusterId: recordAt(cluster, 'NodeA').decree.clusterId }
    const asking = ['NodeA', 'NodeB'].map((from) => ({ from, repairId: from.slice(-1).repeat(32).toLowerCase() }))
    cluster.hold = isA('NODE_REPLACEMENT_OFFER')
    for (const { from, repairId } of asking) {
      const record = recordAt(cluster, from)
      cluster.deliver({ from, to: 'NodeD', message: { type: 'NODE_REPLACEMENT_NEEDED', ...about, repairId, record } })
    }
    cluster.run()
    expect(cluster.node('NodeD').leases.size).toBe(2)
    for (const { from, repairId } of asking) {
      const letter = cluster.held.filter(isA('NODE_REPLACEMENT_OFFER', from)).at(-1)
      const assignment = letter?.message.offer
      if (assignment === undefined) throw new Error(`${from} was offered nothing`)
      const message = { type: 'NODE_REPLACEMENT_CONFIRM' as const, ...about, repairId, assignment }
      cluster.deliver({ from, to: 'NodeD', message })
    }
    cluster.run()
    expect(cluster.node('NodeD').leases.size).toBe(0)
    expect(raftOf(cluster).history).toEqual(['warm NodeD'])
  })

  test('that lost the word to join is told again', () => {
    const cluster = start()
    cluster.drop('NodeC')
    let lost = 0
    cluster.hold = (letter) => {
      if (!isA('NODE_REPLACEMENT_JOIN')(letter) || lost > 0) return false
      lost += 1
      return true
    }
    cluster.pass(25_000)
    expect(lost).toBe(1)
    expect(votersOf(cluster)).toEqual(['NodeA', 'NodeB', 'NodeD'])
  })
})

describe('operators', () => {
  const ask = (cluster: LocalCluster, peerId: string, request: Parameters<typeof asked>[1]): void => {
    cluster.node(peerId).dispatch(asked('op-1', request))
    cluster.run()
  }
  const asked = (
    askId: string,
    request: Extract<Parameters<LocalNode['dispatch']>[0], { type: 'operatorAsked' }>['request'],
  ) => ({ type: 'operatorAsked', askId, request }) as const
  const answerOf = (cluster: LocalCluster, peerId: string) => cluster.node(peerId).all('operatorAnswer').at(-1)?.result

  test('empty a node: the newcomer joins before the replica there goes', () => {
    const cluster = start()
    ask(cluster, 'NodeB', { kind: 'drain', on: true })
    expect(answerOf(cluster, 'NodeB')).toMatchObject({ ok: true, details: { draining: true, databases: 1 } })
    cluster.pass(20_000)
    expect(raftOf(cluster).history).toEqual(['warm NodeD', 'dialled', 'joined NodeD', 'removed NodeB'])
    expect(removedAt(cluster.node('NodeB'))).toHaveLength(1)
    expect(cluster.node('NodeB').core.table.node('NodeB')?.info.value).toMatchObject({ draining: true, databases: 0 })
  })

  test('change the number of replicas, up and down', () => {
    const cluster = start()
    ask(cluster, 'NodeD', { kind: 'setReplication', name: NAME, replicationFactor: 4 })
    cluster.pass(10_000)
    expect(answerOf(cluster, 'NodeD')).toEqual({ ok: true, details: { replicationFactor: 4 } })
    expect(votersOf(cluster)).toEqual(PEERS)
    ask(cluster, 'NodeD', { kind: 'setReplication', name: NAME, replicationFactor: 1 })
    cluster.pass(20_000)
    expect(votersOf(cluster)).toEqual(['NodeA'])
  })

  test('are refused what cannot be', () => {
    const cluster = start()
    ask(cluster, 'NodeA', { kind: 'setReplication', name: NAME, replicationFactor: 5 })
    expect(answerOf(cluster, 'NodeA')).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_NODES' } })
    ask(cluster, 'NodeA', { kind: 'forget', peerId: 'NodeB' })
    expect(answerOf(cluster, 'NodeA')).toMatchObject({ ok: false, error: { code: 'CONFLICT' } })
    ask(cluster, 'NodeA', { kind: 'setReplication', name: 'app_nothing', replicationFactor: 1 })
    expect(answerOf(cluster, 'NodeA')).toMatchObject({ ok: false, error: { code: 'DATABASE_NOT_FOUND' } })
  })

  test('forget a node that is gone, which then counts for no majority any more', () => {
    const cluster = start()
    cluster.drop('NodeD')
    ask(cluster, 'NodeA', { kind: 'forget', peerId: 'NodeD' })
    cluster.pass(5_000)
    expect(answerOf(cluster, 'NodeA')).toMatchObject({ ok: true, details: { members: 3 } })
    expect(cluster.node('NodeB').core.roster?.members.map(({ peerId }) => peerId)).toEqual(['NodeA', 'NodeB', 'NodeC'])
  })
})

describe('a replica that knows no leader', () => {
  const starts = (cluster: LocalCluster): readonly unknown[] =>
    cluster
      .node('NodeC')
      .all('startReplica')
      .slice(1)
      .map(({ start }) => start)

  test('though the others serve joins them anew, where it is, again and again until it sees one', () => {
    const cluster = start()
    raftOf(cluster).blind.add('NodeC')
    cluster.pass(5_000)
    expect(starts(cluster)).toEqual([])
    cluster.pass(4_000)
    const addresses = expect.arrayContaining([expect.stringMatching(/^h:\d+$/)])
    expect(starts(cluster)).toEqual([{ kind: 'rejoin', addresses }])
    cluster.pass(8_000)
    expect(starts(cluster)).toHaveLength(2)
    raftOf(cluster).blind.clear()
    cluster.pass(60_000)
    expect(starts(cluster)).toHaveLength(2)
    expect(raftOf(cluster).history).toEqual([])
  })

  test('and that the record has struck off does not join again, though it may not go yet (I5)', () => {
    const cluster = start()
    raftOf(cluster).blind.add('NodeC')
    const record = recordAt(cluster, 'NodeC')
    const replicas = record.decree.replicas.filter(({ peerId }) => peerId !== 'NodeC')
    const memory = rememberedAt(cluster, 'NodeC')
    cluster.drop('NodeC')
    cluster.hold = isA('METADATA_DIGEST')
    const back = cluster.add('NodeC', memory)
    back.dispatch({
      type: 'messageReceived',
      from: 'NodeA',
      message: { type: 'METADATA_UPDATE', records: [{ ...record, placement: { epoch: 99, replicas } }] },
    })
    cluster.pass(20_000)
    expect(removedAt(back)).toEqual([])
    expect(back.all('startReplica').map(({ start }) => start.kind)).toEqual(['restart'])
    expect(back.all('leaseWakePorts')).toEqual([])
  })

  test('waits where the others do not serve either', () => {
    const cluster = start()
    for (const peerId of ['NodeA', 'NodeB', 'NodeC']) raftOf(cluster).blind.add(peerId)
    cluster.drop('NodeA')
    cluster.pass(60_000)
    expect(starts(cluster)).toEqual([])
  })
})
