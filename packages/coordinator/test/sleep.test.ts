import { beforeEach, describe, expect, test } from '@jest/globals'
import { isA, LocalCluster, type LocalNode } from './support/local-cluster.js'

const NODES = ['NodeA', 'NodeB', 'NodeC']
const NAME = 'app_users'
const TIMEOUT_MS = 1_000

let cluster: LocalCluster
let nodes: readonly LocalNode[]
beforeEach(() => {
  cluster = LocalCluster.of(NODES, { hibernationTimeoutMs: TIMEOUT_MS })
  cluster.ensure('NodeA', NAME)
  nodes = NODES.map((peerId) => cluster.node(peerId))
  const ids = (nodes[0]?.core.table.database(NAME)?.decree.replicas ?? []).map((replica) => replica.raftId)
  for (const node of nodes) {
    node.raft = { ...node.raft, voters: ids, isLeader: node.peerId === 'NodeA' }
    node.dispatch({ type: 'replicaReady', name: NAME, clusterId: clusterId() })
  }
  cluster.run()
})

const clusterId = (): string => cluster.node('NodeA').core.table.database(NAME)?.decree.clusterId ?? ''
const statuses = (): readonly string[] =>
  NODES.map((peerId) => {
    const state = cluster.node(peerId).core.table.database(NAME)?.replicas[peerId]?.value
    return `${state?.status} ${state?.run ?? 1}`
  })
const idle = (): void => {
  for (const node of nodes) node.gate.idleMs = TIMEOUT_MS
}
const busy = (): void => {
  for (const node of nodes) node.gate.idleMs = 0
}
const query = (peerId: string): void => {
  cluster.node(peerId).gate.idleMs = 0
  if (cluster.node(peerId).gate.closed) cluster.node(peerId).dispatch({ type: 'queryHeld', name: NAME })
  cluster.run()
}
const sleep = (): void => {
  idle()
  cluster.pass(7_000)
  expect(statuses()).toEqual(['stopped 1', 'stopped 1', 'stopped 1'])
  busy()
}
const logged = (node: LocalNode, message: string): boolean => node.all('log').some((log) => log.message === message)

describe('a database falls asleep', () => {
  test('when all its replicas have been idle: gates closed, processes stopped, on disk as asleep', () => {
    sleep()
    for (const node of nodes) {
      expect(node.gate.closed).toBe(true)
      const writes = node.all('persist').flatMap((effect) => effect.writes)
      expect(writes.filter(({ key }) => key === `replica/${NAME}`).at(-1)?.value).toMatchObject({
        asleep: true,
        run: 1,
      })
      expect(logged(node, 'Database is idle')).toBe(true)
      expect(logged(node, 'Database hibernated successfully')).toBe(true)
    }
  })

  test('the leader stops last', () => {
    idle()
    cluster.hold = isA('METADATA_UPDATE', 'NodeA')
    for (let steps = 0; steps < 70 && cluster.node('NodeB').all('sleepReplica').length === 0; steps += 1)
      cluster.pass(100)
    expect(cluster.node('NodeB').all('sleepReplica')).toHaveLength(1)
    expect(cluster.node('NodeA').all('sleepReplica')).toHaveLength(0)
    cluster.hold = () => false
    for (const letter of cluster.held.splice(0)) cluster.deliver(letter)
    cluster.run()
    expect(cluster.node('NodeA').all('sleepReplica')).toHaveLength(1)
  })

  test('not while one of its replicas is busy', () => {
    idle()
    cluster.node('NodeB').gate.idleMs = 0
    cluster.pass(20_000)
    expect(statuses()).toEqual(['active 1', 'active 1', 'active 1'])
  })

  test('not while one of its nodes is away', () => {
    cluster.drop('NodeC')
    idle()
    cluster.pass(20_000)
    expect(cluster.node('NodeA').all('sleepReplica')).toHaveLength(0)
    expect(cluster.node('NodeA').gate.closed).toBe(false)
  })

  test('not while its replicas stand at different indexes, and queries pass again then', () => {
    idle()
    const { raft } = cluster.node('NodeB')
    cluster.node('NodeB').raft = { ...raft, commitIndex: 8 }
    cluster.pass(20_000)
    expect(statuses()).toEqual(['active 1', 'active 1', 'active 1'])
    expect(nodes.map((node) => node.gate.closed)).toEqual([false, false, false])
    cluster.node('NodeB').raft = raft
    cluster.pass(20_000)
    expect(statuses()).toEqual(['stopped 1', 'stopped 1', 'stopped 1'])
  })

  test('soon, when the coordinator is the last to be up: it heard the others before', () => {
    sleep()
    cluster.node('NodeA').rqlited = 'hangs'
    query('NodeC')
    cluster.pass(1_000)
    idle()
    cluster.pass(500)
    cluster.node('NodeA').rqlited = 'works'
    cluster.node('NodeA').dispatch({ type: 'replicaReady', name: NAME, clusterId: clusterId() })
    cluster.pass(1_500)
    expect(statuses()).toEqual(['stopped 2', 'stopped 2', 'stopped 2'])
  })

  test('never with a hibernation timeout of 0, except on request', () => {
    const other = LocalCluster.of(NODES, { hibernationTimeoutMs: 0 })
    other.ensure('NodeA', NAME)
    const id = other.node('NodeA').core.table.database(NAME)?.decree.clusterId ?? ''
    const ids = (other.node('NodeA').core.table.database(NAME)?.decree.replicas ?? []).map((replica) => replica.raftId)
    for (const node of other.nodes.values()) {
      node.raft = { ...node.raft, voters: ids }
      node.gate.idleMs = 1_000_000
      node.dispatch({ type: 'replicaReady', name: NAME, clusterId: id })
    }
    other.run()
    other.pass(20_000)
    expect([...other.nodes.values()].flatMap((node) => node.all('checkIdle'))).toEqual([])
    other.node('NodeB').dispatch({ type: 'hibernateAsked', askId: 'h', name: NAME })
    other.run()
    other.pass(500)
    expect(other.node('NodeB').answers.get('h')).toMatchObject({ ok: true })
    expect([...other.nodes.values()].map((node) => node.all('sleepReplica').length)).toEqual([1, 1, 1])
  })
})

describe('a query during the shutdown', () => {
  test.each([
    ['a promise', 'DATABASE_SLEEP_PROMISE' as const],
    ['COMMIT', 'DATABASE_SHUTDOWN_COORDINATED' as const],
  ])('before %s arrives goes on at once, and everybody with it in the next run', (_, type) => {
    idle()
    cluster.hold = isA(type)
    for (let steps = 0; steps < 70 && cluster.held.length === 0; steps += 1) cluster.pass(100)
    expect(cluster.node('NodeC').gate.closed).toBe(true)
    busy()
    query('NodeC')
    expect(cluster.node('NodeC').gate.closed).toBe(false)
    cluster.hold = () => false
    for (const letter of cluster.held.splice(0)) cluster.deliver(letter)
    cluster.run()
    cluster.pass(3_000)
    expect(statuses()).toEqual(['active 2', 'active 2', 'active 2'])
    expect(nodes.map((node) => node.gate.closed)).toEqual([false, false, false])
    expect(nodes.flatMap((node) => node.all('sleepReplica'))).toEqual([])
  })

  test('that overtakes COMMIT at some: whoever stopped starts again, whoever runs goes on', () => {
    idle()
    const proofs = [isA('DATABASE_SHUTDOWN_COORDINATED', 'NodeC'), isA('METADATA_UPDATE', 'NodeC')]
    cluster.hold = (letter) => proofs.some((proves) => proves(letter))
    for (let steps = 0; steps < 70 && cluster.held.length === 0; steps += 1) cluster.pass(100)
    busy()
    query('NodeC')
    expect(cluster.node('NodeC').all('sleepReplica')).toEqual([])
    // It runs, and leads perhaps, but alone: a write would find no majority.
    expect(cluster.node('NodeC').gate.closed).toBe(true)
    cluster.hold = () => false
    cluster.pass(3_000)
    for (const letter of cluster.held.splice(0)) cluster.deliver(letter)
    cluster.pass(1_000)
    expect(statuses()).toEqual(['active 2', 'active 2', 'active 2'])
    expect(cluster.node('NodeB').all('startReplica').at(-1)).toMatchObject({ start: { kind: 'restart' } })
    expect(cluster.node('NodeC').all('startReplica')).toHaveLength(1)
    expect(cluster.node('NodeC').gate.closed).toBe(false)
  })

  test('while its replica stops is answered after the next start', () => {
    for (const node of nodes) node.rqlited = 'hangs'
    idle()
    cluster.pass(7_000)
    expect(cluster.node('NodeC').all('sleepReplica')).toHaveLength(1)
    busy()
    query('NodeC')
    for (const node of nodes) {
      node.rqlited = 'works'
      node.dispatch({ type: 'replicaSlept', name: NAME, clusterId: clusterId(), run: 1 })
    }
    cluster.run()
    cluster.pass(3_000)
    expect(statuses()).toEqual(['active 2', 'active 2', 'active 2'])
    expect(cluster.node('NodeC').gate.closed).toBe(false)
  })
})

describe('a coordinator that is lost', () => {
  const untilHeld = (hold: typeof cluster.hold): void => {
    idle()
    cluster.hold = hold
    for (let steps = 0; steps < 70 && cluster.held.length === 0; steps += 1) cluster.pass(100)
    cluster.drop('NodeA')
    busy()
    cluster.hold = () => false
  }

  test('between PREPARE and COMMIT: the others ask each other, find no proof, and go on', () => {
    untilHeld(isA('DATABASE_SLEEP_PROMISE', 'NodeA'))
    expect(cluster.node('NodeB').gate.closed).toBe(true)
    cluster.pass(4_000)
    for (const peerId of ['NodeB', 'NodeC']) {
      expect(cluster.node(peerId).gate.closed).toBe(false)
      expect(cluster.node(peerId).all('sleepReplica')).toEqual([])
      expect(cluster.node(peerId).core.table.database(NAME)?.replicas[peerId]?.value).toMatchObject({
        status: 'active',
        run: 2,
      })
    }
  })

  test('after COMMIT reached one of them: that is proof, and the other stops too', () => {
    untilHeld(isA('DATABASE_SHUTDOWN_COORDINATED', 'NodeC'))
    cluster.pass(4_000)
    expect(cluster.node('NodeB').all('sleepReplica')).toHaveLength(1)
    expect(cluster.node('NodeC').all('sleepReplica')).toHaveLength(1)
  })
})

describe('a database wakes', () => {
  test('everywhere, with one query at one node, in the next run and on its old ports', () => {
    sleep()
    query('NodeC')
    cluster.pass(1_000)
    expect(statuses()).toEqual(['active 2', 'active 2', 'active 2'])
    for (const node of nodes) {
      expect(node.gate.closed).toBe(false)
      const [first, second, ...more] = node.all('startReplica')
      expect(more).toEqual([])
      expect(second).toMatchObject({ start: { kind: 'restart' }, assignment: first?.assignment })
      expect(logged(node, 'Database woke up successfully')).toBe(true)
    }
    expect(logged(cluster.node('NodeA'), 'Received wakeup request')).toBe(true)
  })

  test('without the third, which follows as soon as it hears of it', () => {
    sleep()
    cluster.hold = (letter) => letter.to === 'NodeC' || letter.from === 'NodeC'
    query('NodeA')
    cluster.pass(1_500)
    expect(statuses()).toEqual(['active 2', 'active 2', 'stopped 1'])
    cluster.hold = () => false
    cluster.pass(2_000)
    expect(statuses()).toEqual(['active 2', 'active 2', 'active 2'])
  })

  test('and what slept when a node went down sleeps on when it comes back', () => {
    sleep()
    const writes = cluster
      .node('NodeB')
      .all('persist')
      .flatMap((effect) => effect.writes)
    const values = new Map(writes.map(({ key, value }) => [key, value]))
    const of = (prefix: string): never[] =>
      [...values]
        .filter(([key, value]) => key.startsWith(prefix) && value !== undefined)
        .map(([, value]) => value as never)
    const { roster } = cluster.node('NodeB').core
    cluster.drop('NodeB')
    const memory = { acceptors: of('acceptor/'), records: of('record/'), replicas: of('replica/') }
    const node = cluster.add('NodeB', roster === undefined ? memory : { ...memory, roster }, {
      hibernationTimeoutMs: TIMEOUT_MS,
    })
    cluster.pass(5_000)
    expect(node.all('startReplica')).toEqual([])
    expect(node.gate.closed).toBe(true)
    expect(node.all('restPorts')).toHaveLength(1)
    query('NodeB')
    cluster.pass(1_000)
    expect(node.all('startReplica')).toMatchObject([{ start: { kind: 'restart' } }])
  })

  test('on request, and the request is answered when it serves', () => {
    sleep()
    cluster.node('NodeB').dispatch({ type: 'wakeAsked', askId: 'w', name: NAME })
    expect(cluster.node('NodeB').answers.has('w')).toBe(false)
    cluster.pass(1_000)
    expect(cluster.node('NodeB').answers.get('w')).toMatchObject({ ok: true })
  })
})

describe('sleep on request', () => {
  test('is refused while a query is under way', () => {
    cluster.node('NodeC').gate.inFlight = 1
    cluster.node('NodeA').dispatch({ type: 'hibernateAsked', askId: 'h', name: NAME })
    cluster.pass(3_000)
    expect(cluster.node('NodeA').answers.get('h')).toMatchObject({ ok: false, error: { code: 'CONFLICT' } })
    expect(nodes.map((node) => node.gate.closed)).toEqual([false, false, false])
  })

  test.each(['NodeA', 'NodeC'])('right after a wake waits for the last replica, asked at %s', (asked) => {
    sleep()
    cluster.node('NodeC').rqlited = 'hangs'
    query('NodeA')
    cluster.pass(1_500)
    expect(statuses()).toEqual(['active 2', 'active 2', 'starting 2'])
    cluster.node(asked).dispatch({ type: 'hibernateAsked', askId: 'h', name: NAME })
    cluster.pass(3_000)
    expect(cluster.node(asked).answers.has('h')).toBe(false)
    cluster.node('NodeC').rqlited = 'works'
    cluster.node('NodeC').dispatch({ type: 'replicaReady', name: NAME, clusterId: clusterId() })
    cluster.pass(3_000)
    expect(cluster.node(asked).answers.get('h')).toMatchObject({ ok: true })
    expect(statuses()).toEqual(['stopped 2', 'stopped 2', 'stopped 2'])
  })

  test('is done where the database sleeps already, also with a replica that is lost', () => {
    sleep()
    const lost = cluster.node('NodeC')
    lost.dispatch({ type: 'replicaLost', name: NAME, clusterId: clusterId(), reason: 'gone' })
    cluster.run()
    expect(cluster.node('NodeA').core.table.database(NAME)?.replicas[lost.peerId]?.value.status).toBe('lost')
    cluster.node('NodeA').dispatch({ type: 'hibernateAsked', askId: 'h', name: NAME })
    cluster.run()
    expect(cluster.node('NodeA').answers.get('h')).toMatchObject({ ok: true })
  })

  test('says after a while that a replica does not come up', () => {
    sleep()
    cluster.node('NodeC').rqlited = 'hangs'
    query('NodeA')
    cluster.pass(1_500)
    cluster.node('NodeA').dispatch({ type: 'hibernateAsked', askId: 'h', name: NAME })
    cluster.pass(11_000)
    expect(cluster.node('NodeA').answers.get('h')).toMatchObject({
      ok: false,
      error: { code: 'CONFLICT', message: expect.stringContaining('not all up') },
    })
  })

  test('is left to another node where the replica of this one ends meanwhile: the database is there all the same', () => {
    cluster.hold = isA('DATABASE_SLEEP_PROMISE')
    const asked = cluster.node('NodeC')
    asked.dispatch({ type: 'hibernateAsked', askId: 'h', name: NAME })
    cluster.run()
    expect(asked.answers.has('h')).toBe(false)
    asked.dispatch({ type: 'replicaLost', name: NAME, clusterId: clusterId(), reason: 'gone' })
    cluster.pass(300)
    expect(asked.answers.get('h')).toMatchObject({ ok: false, error: { code: 'NOT_REPLICA' } })
  })

  test('is refused when a query wakes it meanwhile', () => {
    cluster.hold = isA('DATABASE_SLEEP_PROMISE')
    cluster.node('NodeA').dispatch({ type: 'hibernateAsked', askId: 'h', name: NAME })
    cluster.run()
    expect(cluster.node('NodeC').gate.closed).toBe(true)
    query('NodeC')
    cluster.hold = () => false
    cluster.pass(3_000)
    expect(cluster.node('NodeA').answers.get('h')).toMatchObject({
      ok: false,
      error: { code: 'CONFLICT', message: expect.stringContaining('a query woke it') },
    })
    expect(statuses()).toEqual(['active 2', 'active 2', 'active 2'])
  })
})
