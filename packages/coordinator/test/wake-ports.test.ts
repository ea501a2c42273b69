import { beforeEach, describe, expect, test } from '@jest/globals'
import { isA, LocalCluster, type LocalNode } from './support/local-cluster.js'

const NAME = 'app_users'

let cluster: LocalCluster
let a: LocalNode
let b: LocalNode

/** Two replicas that stopped alike, whose old ports are taken. */
beforeEach(() => {
  cluster = LocalCluster.of(['NodeA', 'NodeB'], { hibernationTimeoutMs: 1_000, replicationFactor: 2 })
  cluster.ensure('NodeA', NAME)
  ;[a, b] = [cluster.node('NodeA'), cluster.node('NodeB')]
  const decree = a.core.table.database(NAME)?.decree
  const voters = (decree?.replicas ?? []).map(({ raftId: id, host, raftPort }) => ({
    id,
    address: `${host}:${raftPort}`,
  }))
  for (const node of [a, b]) {
    node.raft = { ...node.raft, voters: voters.map(({ id }) => id), isLeader: node === a }
    node.dispatch({ type: 'replicaReady', name: NAME, clusterId: decree?.clusterId ?? '' })
    node.gate.idleMs = 1_000
    node.stopRecord = (clusterId, run) => ({ clusterId, run, lastIndex: 9, lastTerm: 2, voters })
  }
  cluster.pass(7_000)
  expect(statusOf(a)).toBe('stopped')
  for (const node of [a, b]) Object.assign(node, { portsTaken: true, rqlited: 'hangs' })
  for (const node of [a, b]) node.gate.idleMs = 0
})

const statusOf = (node: LocalNode): string | undefined =>
  node.core.table.database(NAME)?.replicas[node.peerId]?.value.status
const wake = (): void => {
  a.dispatch({ type: 'queryHeld', name: NAME })
  cluster.run()
}
const starts = (node: LocalNode): readonly string[] =>
  node
    .all('startReplica')
    .slice(1)
    .map(({ start, assignment }) => `${start.kind} ${assignment.raftPort}`)
const portsOf = (node: LocalNode): readonly number[] =>
  node.all('leaseWakePorts').map(({ preferred }) => preferred.raftPort)
/** What was kept back is lost; it is said again. */
const release = (): void => {
  cluster.hold = () => false
}

describe('replicas whose ports were all taken', () => {
  test('take the new ones together', () => {
    wake()
    expect([starts(a), starts(b)]).toEqual([['recover 8001'], ['recover 8002']])
  })

  test('one that finds its old ports again seeks those that the recovery of the other gives it, and does alike', () => {
    cluster.hold = isA('DATABASE_WAKE_PORTS', 'NodeB')
    wake()
    expect(starts(a)).toEqual(['recover 8001'])
    b.portsTaken = false
    cluster.pass(1_100)
    expect(portsOf(b)).toEqual([7002, 7002])
    release()
    cluster.pass(600)
    expect(portsOf(b)).toEqual([7002, 7002, 8002])
    expect(starts(b)).toEqual(['recover 8002'])
  })

  test('and where those cannot be had, it recovers with those that it has: it reaches the other', () => {
    cluster.hold = isA('DATABASE_WAKE_PORTS', 'NodeB')
    wake()
    b.portsTaken = false
    cluster.pass(1_100)
    b.portsTaken = true
    release()
    cluster.pass(600)
    expect(starts(b)).toEqual(['recover 9002'])
  })

  test('and if it runs as it was already, it starts where the other looks for it, and is at home there from then on', () => {
    cluster.hold = isA('DATABASE_WAKE_PORTS', 'NodeB')
    wake()
    b.portsTaken = false
    cluster.pass(3_500)
    expect(starts(b)).toEqual(['restart 7002'])
    b.stopRecord = () => undefined
    release()
    cluster.pass(5_000)
    expect(starts(b)).toEqual(['restart 7002', 'restart 8002'])
    const sought = portsOf(b).length
    cluster.pass(5_000)
    expect(new Set(portsOf(b).slice(sought))).toEqual(new Set([8002]))
    expect(new Set(starts(b).slice(1))).toEqual(new Set(['restart 8002']))
  })
})
