import type { AcceptorEntry } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { ballotOf, voteOf } from './support/decrees.js'
import { EMPTY_MEMORY, isA, LocalCluster, memberOf, rosterOf } from './support/local-cluster.js'

const membersOf = (cluster: LocalCluster, peerId: string): string[] =>
  (cluster.node(peerId).core.roster?.members ?? []).map((member) => member.peerId)

const remembered = (name: string): AcceptorEntry => ({
  name,
  generation: 1,
  promised: ballotOf(1),
  accepted: voteOf(1, 1, true),
  deleted: false,
})

describe('a roster', () => {
  test('is founded by the first node and grows one epoch per node', () => {
    const cluster = new LocalCluster()
    const first = cluster.add('NodeA', EMPTY_MEMORY)
    first.dispatch({
      type: 'started',
      founder: true,
      info: { multiaddrs: [], maxDatabases: 1, databases: 0, rqliteVersion: '8', rqliteMajor: 8, version: '0' },
    })
    for (const peerId of ['NodeC', 'NodeB', 'NodeD']) cluster.add(peerId, EMPTY_MEMORY)
    cluster.pass(5_000)
    for (const peerId of ['NodeA', 'NodeB', 'NodeC', 'NodeD']) {
      expect(membersOf(cluster, peerId)).toEqual(['NodeA', 'NodeB', 'NodeC', 'NodeD'])
      expect(cluster.node(peerId).core.roster?.epoch).toBe(4)
      expect(cluster.node(peerId).core.admitted).toBe(true)
    }
  })

  test('admits nobody while a majority is out of reach', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    cluster.drop('NodeB')
    cluster.drop('NodeC')
    cluster.add('NodeD', EMPTY_MEMORY)
    cluster.pass(5_000)
    expect(membersOf(cluster, 'NodeA')).toEqual(['NodeA', 'NodeB', 'NodeC'])
    expect(cluster.node('NodeD').core.admitted).toBe(false)
  })

  test('admits a node only with what the others remember', () => {
    const roster = rosterOf(['NodeA', 'NodeB', 'NodeC'])
    const cluster = new LocalCluster()
    const names = Array.from({ length: 450 }, (_, index) => `app_db${String(index).padStart(4, '0')}`)
    for (const peerId of ['NodeA', 'NodeB', 'NodeC']) {
      const acceptors = peerId === 'NodeC' ? [] : names.map(remembered)
      cluster.add(peerId, { ...EMPTY_MEMORY, roster, acceptors })
    }
    const newcomer = cluster.add('NodeD', EMPTY_MEMORY)
    cluster.pass(5_000)
    expect(newcomer.core.admitted).toBe(true)
    const stored = newcomer.all('persist').flatMap(({ writes }) => writes.map(({ key }) => key))
    for (const name of names) expect(stored).toContain(`acceptor/${name}`)
    const admittedAt = newcomer.effects.findIndex(
      (effect) =>
        effect.type === 'send' && effect.message.type === 'NODE_JOIN_REQUEST' && effect.message.syncedEpoch > 0,
    )
    const copiedAt = newcomer.effects.findLastIndex(
      (effect) => effect.type === 'persist' && effect.writes.some(({ key }) => key.startsWith('acceptor/')),
    )
    expect(admittedAt).toBeGreaterThan(copiedAt)
  })

  test('refuses an admission that was asked for with the memory of an older epoch', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    const join = (peerId: string): void =>
      cluster.deliver({
        from: peerId,
        to: 'NodeA',
        message: { type: 'NODE_JOIN_REQUEST', member: memberOf(peerId), syncedEpoch: 1 },
      })
    // NodeD is being admitted while NodeE waits for its turn, with what it copied at epoch 1.
    join('NodeD')
    join('NodeE')
    cluster.run()
    cluster.pass(3_000)
    expect(membersOf(cluster, 'NodeB')).toEqual(['NodeA', 'NodeB', 'NodeC', 'NodeD'])
  })

  test('admits nobody whose copy is of another epoch than the current one', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB'])
    for (const syncedEpoch of [0, 2, 7]) {
      const message = { type: 'NODE_JOIN_REQUEST', member: memberOf('NodeD'), syncedEpoch } as const
      cluster.deliver({ from: 'NodeD', to: 'NodeA', message })
      cluster.run()
    }
    expect(membersOf(cluster, 'NodeA')).toEqual(['NodeA', 'NodeB'])
    const elsewhere = { type: 'NODE_JOIN_REQUEST', member: memberOf('NodeD'), syncedEpoch: 1 } as const
    cluster.deliver({ from: 'NodeE', to: 'NodeA', message: elsewhere })
    cluster.run()
    expect(membersOf(cluster, 'NodeA')).toEqual(['NodeA', 'NodeB'])
  })

  test('never sees one proposer use one ballot twice, not even after a restart', () => {
    const vote = { epoch: 2, promised: ballotOf(7, 'NodeA') }
    const cluster = new LocalCluster()
    const roster = rosterOf(['NodeA', 'NodeB', 'NodeC'])
    const restarted = cluster.add('NodeA', { ...EMPTY_MEMORY, roster, rosterVote: vote })
    const join = { type: 'NODE_JOIN_REQUEST', member: memberOf('NodeD'), syncedEpoch: 1 } as const
    restarted.dispatch({ type: 'messageReceived', from: 'NodeD', message: join })
    const [prepare] = restarted
      .all('send')
      .map(({ message }) => message)
      .filter((message) => message.type === 'NODE_ROSTER_PREPARE')
    expect(prepare).toMatchObject({ epoch: 2, ballot: { round: 8, proposer: 'NodeA' } })
  })

  test('completes a change that somebody else began before it makes its own', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    const begun = rosterOf(['NodeA', 'NodeB', 'NodeC', 'NodeX'], 2)
    for (const to of ['NodeB', 'NodeC']) {
      const message = { type: 'NODE_ROSTER_ACCEPT', epoch: 2, ballot: ballotOf(1, 'NodeC'), roster: begun } as const
      cluster.deliver({ from: 'NodeC', to, message })
    }
    cluster.run()
    const join = { type: 'NODE_JOIN_REQUEST', member: memberOf('NodeD'), syncedEpoch: 1 } as const
    cluster.deliver({ from: 'NodeD', to: 'NodeA', message: join })
    cluster.run()
    cluster.pass(3_000)
    expect(membersOf(cluster, 'NodeA')).toEqual(['NodeA', 'NodeB', 'NodeC', 'NodeX'])
  })

  test('lets a node that lost its store go and come back, once those who stay know what it knew', () => {
    const roster = rosterOf(['NodeA', 'NodeB', 'NodeC'])
    const old = { peerId: 'NodeC', incarnation: 'dddddddddddddddd' }
    const before = { ...roster, members: [...roster.members.slice(0, 2), old] }
    const cluster = new LocalCluster()
    cluster.add('NodeA', { ...EMPTY_MEMORY, roster: before, acceptors: [remembered('app_users')] })
    cluster.add('NodeB', { ...EMPTY_MEMORY, roster: before })
    const back = cluster.add('NodeC', EMPTY_MEMORY)
    cluster.pass(6_000)
    expect(back.core.admitted).toBe(true)
    expect(back.core.roster).toMatchObject({ epoch: 3, members: roster.members })
    for (const peerId of ['NodeB', 'NodeC']) {
      const keys = cluster
        .node(peerId)
        .all('persist')
        .flatMap(({ writes }) => writes.map(({ key }) => key))
      expect(keys).toContain('acceptor/app_users')
    }
  })

  test('of another network is never taken over', () => {
    const cluster = LocalCluster.of(['NodeA'])
    const foreign = { ...rosterOf(['NodeZ'], 9), networkId: 'f'.repeat(32) }
    cluster.deliver({ from: 'NodeZ', to: 'NodeA', message: { type: 'NODE_ROSTER', roster: foreign } })
    expect(membersOf(cluster, 'NodeA')).toEqual(['NodeA'])
    expect(
      cluster
        .node('NodeA')
        .all('log')
        .some(({ level }) => level === 'error'),
    ).toBe(true)
  })

  test('is taught to whoever speaks of an older one', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB'])
    const taught: unknown[] = []
    cluster.hold = isA('NODE_ROSTER', 'NodeB')
    cluster.deliver({
      from: 'NodeB',
      to: 'NodeA',
      message: { type: 'NODE_ROSTER', roster: { ...rosterOf(['NodeA']), epoch: 1 } },
    })
    cluster.deliver({
      from: 'NodeB',
      to: 'NodeA',
      message: { type: 'NODE_ACCEPTOR_READ', readId: 'r', epoch: 7, after: '' },
    })
    cluster.run()
    taught.push(...cluster.held.map(({ message }) => message))
    expect(taught).toEqual([{ type: 'NODE_ROSTER', roster: rosterOf(['NodeA', 'NodeB']) }])
  })
})
