import type { DatabaseRecord } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import type { LocalReplica } from '../src/core/events.js'
import { decreeOf } from './support/decrees.js'
import { EMPTY_MEMORY, LocalCluster, memberOf, rosterOf } from './support/local-cluster.js'

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

/** Four nodes, two databases asleep on the first three of them. */
const start = (): LocalCluster => {
  const cluster = new LocalCluster()
  const clock = { 'NodeZ/1': 1 }
  const records = NAMES.map(
    (name): DatabaseRecord => ({
      kind: 'database',
      name,
      decree,
      established: true,
      deleted: false,
      replicas: {},
      clock,
    }),
  )
  for (const peerId of PEERS) {
    const assignment = decree.replicas.find((replica) => replica.peerId === peerId)
    const { generation, clusterId } = decree
    const replicas = NAMES.flatMap((name): LocalReplica[] =>
      assignment === undefined
        ? []
        : [{ name, generation, clusterId, assignment, spawned: true, run: 1, asleep: true }],
    )
    cluster.add(
      peerId,
      { ...EMPTY_MEMORY, roster: rosterOf(PEERS), records, replicas },
      { healthCheckIntervalMs: 1_000 },
    )
  }
  cluster.run()
  return cluster
}

const wokenBy = (cluster: LocalCluster, peerId: string): readonly unknown[] =>
  cluster
    .node(peerId)
    .all('log')
    .filter(({ message }) => message === 'Waking a database to replace a lost replica')
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
