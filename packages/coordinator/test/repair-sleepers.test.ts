import type { DatabaseRecord, NodeInfo, Placement } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import type { LocalReplica } from '../src/core/events.js'
import { decreeOf } from './support/decrees.js'
import { EMPTY_MEMORY, INFO, LocalCluster, memberOf, rosterOf } from './support/local-cluster.js'
import { LocalRaft } from './support/local-raft.js'

const PEERS = ['NodeA', 'NodeB', 'NodeC', 'NodeD']
const NAMES = ['app_one', 'app_two']
const decree = {
  ...decreeOf(5),
  replicationFactor: 3,
  replicas: PEERS.slice(0, 3).map((peerId) => ({
    peerId,
    raftId: `${peerId}.${memberOf(peerId).incarnation}.1.1`,
    host: 'h',
    httpPort: 5_001,
    raftPort: 7_001,
  })),
}

interface Setting {
  /** @default both */
  readonly names?: readonly string[]
  /** What is special about the node that holds none of them. */
  readonly room?: Partial<NodeInfo>
  /** @default as it was created, on the first three */
  readonly placement?: Placement
  /** Nodes that an operator empties. */
  readonly draining?: readonly string[]
  /** @default an hour */
  readonly hibernationTimeoutMs?: number
}

/** Four nodes, two databases asleep on the first three of them. */
const start = ({
  names = NAMES,
  room,
  placement,
  draining = [],
  hibernationTimeoutMs = 3_600_000,
}: Setting = {}): LocalCluster => {
  const cluster = new LocalCluster()
  const clock = { 'NodeZ/1': 1 }
  const about = {
    decree,
    established: true,
    deleted: false,
    replicas: {},
    clock,
    ...(placement === undefined ? {} : { placement }),
  }
  const records = names.map((name): DatabaseRecord => ({ kind: 'database', name, ...about }))
  for (const peerId of PEERS) {
    const assignment = (placement ?? decree).replicas.find((replica) => replica.peerId === peerId)
    const { generation, clusterId } = decree
    const replicas = names.flatMap((name): LocalReplica[] =>
      assignment === undefined
        ? []
        : [{ name, generation, clusterId, assignment, spawned: true, run: 1, asleep: true }],
    )
    const memory = { ...EMPTY_MEMORY, roster: rosterOf(PEERS), records, replicas, draining: draining.includes(peerId) }
    const times = { healthCheckIntervalMs: 1_000, repairLookMs: 500, hibernationTimeoutMs }
    const node = cluster.add(peerId, memory, times)
    node.raft = { ...node.raft, voters: decree.replicas.map(({ raftId }) => raftId) }
  }
  if (room !== undefined) cluster.node('NodeD').dispatch({ type: 'selfChanged', info: { ...INFO, ...room } })
  cluster.run()
  return cluster
}

const wokenBy = (cluster: LocalCluster, peerId: string): readonly unknown[] =>
  cluster
    .node(peerId)
    .all('log')
    .filter(({ message }) => message.startsWith('Waking a database to'))
    .map(({ fields }) => fields.database)

describe('sleeping databases that lost a replica', () => {
  test('sleep on while all is well', () => {
    const cluster = start()
    cluster.pass(30_000)
    expect(PEERS.flatMap((peerId) => wokenBy(cluster, peerId))).toEqual([])
  })

  test('stay awake until they are whole, and no longer than 20 s where nobody can take the place', () => {
    const cluster = start()
    cluster.drop('NodeA')
    cluster.pass(10_000)
    expect(wokenBy(cluster, 'NodeB')).toEqual(['app_one'])
    cluster.node('NodeB').gate.idleMs = Number.MAX_SAFE_INTEGER
    const [name = ''] = NAMES
    const answerTo = (attempt: number): unknown => {
      const about = { name, clusterId: decree.clusterId, run: 2, attempt }
      const message = { type: 'DATABASE_SLEEP_PREPARE' as const, ...about, demand: false }
      cluster.deliver({ from: 'NodeC', to: 'NodeB', message })
      cluster.run()
      const letters = cluster
        .node('NodeB')
        .all('send')
        .map((sent) => sent.message)
      return letters.find((letter) => letter.type === 'DATABASE_SLEEP_PROMISE' && letter.attempt === attempt)
    }
    expect(answerTo(7)).toMatchObject({ promised: false, reason: 'it is being repaired' })
    cluster.pass(20_000)
    expect(answerTo(8)).toMatchObject({ promised: true })
  })

  test('are woken one at a time, by the lowest live node that holds one', () => {
    const cluster = start()
    cluster.drop('NodeA')
    cluster.pass(20_000)
    expect(wokenBy(cluster, 'NodeB')).toEqual(['app_one'])
    expect(wokenBy(cluster, 'NodeC')).toEqual([])
    cluster.pass(61_000)
    expect(wokenBy(cluster, 'NodeB').slice(0, 2)).toEqual(['app_one', 'app_two'])
  })
})

describe('sleeping databases on a node that is being emptied', () => {
  /** One of them, whose replicas have a Raft, and which falls asleep as soon as it may. */
  const startOne = (): LocalCluster => {
    const cluster = start({ names: ['app_one'], draining: ['NodeB'], hibernationTimeoutMs: 1_000 })
    cluster.raft = new LocalRaft(decree)
    for (const node of cluster.nodes.values()) node.gate.idleMs = 1_000
    return cluster
  }
  const statusOn = (cluster: LocalCluster, peerId: string): unknown =>
    cluster.node('NodeA').core.table.database('app_one')?.replicas[peerId]?.value.status

  test('are woken, and moved to another one', () => {
    const cluster = startOne()
    cluster.pass(30_000)
    expect(cluster.raft?.history).toEqual(['warm NodeD', 'dialled', 'joined NodeD', 'removed NodeB'])
    expect(wokenBy(cluster, 'NodeA')).toEqual(['app_one'])
    expect(cluster.node('NodeB').core.table.node('NodeB')?.info.value).toMatchObject({ databases: 0 })
    const ids = cluster.raft?.voters.map(({ id }) => id) ?? []
    for (const node of cluster.nodes.values()) node.raft = { ...node.raft, voters: ids }
    cluster.pass(30_000)
    expect(['NodeA', 'NodeC', 'NodeD'].map((peerId) => statusOn(cluster, peerId))).toEqual(Array(3).fill('stopped'))
    expect(wokenBy(cluster, 'NodeA')).toEqual(['app_one'])
  })

  test('are woken one after the other, the next as soon as the one before has moved or had its time', () => {
    const cluster = start({ draining: ['NodeB'] })
    cluster.pass(20_000)
    expect(wokenBy(cluster, 'NodeA')).toEqual(['app_one'])
    cluster.pass(20_000)
    expect(wokenBy(cluster, 'NodeA')).toEqual(['app_one', 'app_two'])
    expect(['NodeB', 'NodeC'].flatMap((peerId) => wokenBy(cluster, peerId))).toEqual([])
  })

  test('are woken once more when they fell asleep with the newcomer in and the other one not yet out', () => {
    const [first] = decree.replicas
    if (first === undefined) throw new Error('no replica')
    const replicas = [
      ...decree.replicas,
      { ...first, peerId: 'NodeD', raftId: `NodeD.${memberOf('NodeD').incarnation}.1.1` },
    ]
    const cluster = start({ draining: ['NodeB'], placement: { epoch: 20, replicas } })
    cluster.pass(6_000)
    expect(wokenBy(cluster, 'NodeA')).toEqual(['app_one'])
  })

  test('are woken later and later where nobody takes them in after all', () => {
    const cluster = startOne()
    cluster.node('NodeD').exhausted = true
    cluster.pass(900_000)
    const pauses = cluster
      .node('NodeA')
      .all('log')
      .filter(({ message }) => message === 'A database was woken for its repair to no avail')
      .map(({ fields }) => fields.again_in_ms)
    expect(pauses).toEqual([120_000, 240_000, 480_000])
    expect(wokenBy(cluster, 'NodeA')).toHaveLength(3)
  })
})

describe('sleeping databases that cannot be repaired', () => {
  test.each([
    ['is being emptied', { draining: ['NodeD'] }],
    ['is stopping', { room: { stopping: true } }],
    ['runs another major version of rqlite', { room: { rqliteMajor: 9 } }],
    ['is full', { room: { maxDatabases: 0 } }],
  ])('sleep on where the only other node %s', (_, setting) => {
    const cluster = start(setting)
    cluster.drop('NodeA')
    cluster.pass(30_000)
    expect(wokenBy(cluster, 'NodeB')).toEqual([])
  })
})
