import type { DatabaseRecord } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import type { LocalReplica } from '../src/core/events.js'
import { ballotOf, decreeOf } from './support/decrees.js'
import { EMPTY_MEMORY, LocalCluster, rosterOf } from './support/local-cluster.js'

const decree = decreeOf(5)
const recordOf = (more: Partial<DatabaseRecord> = {}): DatabaseRecord => ({
  kind: 'database',
  name: 'app_users',
  decree,
  established: true,
  deleted: false,
  replicas: {},
  clock: { 'NodeZ/1': 1 },
  ...more,
})
const [assignment] = decree.replicas
const replicaOf = (clusterId = decree.clusterId): LocalReplica => {
  if (assignment === undefined) throw new Error('a decree places somebody')
  return { name: 'app_users', generation: 1, clusterId, assignment, spawned: true, run: 1, asleep: false }
}
const roster = rosterOf(['NodeA'])

describe('a replica', () => {
  test('is on disk before its process is started, and its ports are its own from then on', () => {
    const cluster = LocalCluster.of(['NodeA'], { replicationFactor: 1 })
    cluster.ensure('NodeA', 'app_users')
    const { effects } = cluster.node('NodeA')
    const at = (wanted: (key: string) => boolean): number =>
      effects.findIndex((effect) => effect.type === 'persist' && effect.writes.some(({ key }) => wanted(key)))
    const started = effects.findIndex(({ type }) => type === 'startReplica')
    expect(at((key) => key === 'replica/app_users')).toBeGreaterThan(-1)
    expect(at((key) => key === 'replica/app_users')).toBeLessThan(started)
    expect(effects.findIndex(({ type }) => type === 'confirmPorts')).toBeLessThan(started)
  })

  test('comes up again after a restart of its node with the state it has, never as a new cluster', () => {
    const cluster = new LocalCluster()
    const node = cluster.add('NodeA', { ...EMPTY_MEMORY, roster, records: [recordOf()], replicas: [replicaOf()] })
    expect(node.all('startReplica').map(({ start }) => start.kind)).toEqual(['restart'])
  })

  test('that was overtaken while its node was down is removed', () => {
    const cluster = new LocalCluster()
    const replicas = [replicaOf('9'.repeat(32))]
    const node = cluster.add('NodeA', { ...EMPTY_MEMORY, roster, records: [recordOf()], replicas })
    expect(node.all('startReplica')).toHaveLength(0)
    expect(node.all('removeReplica')).toHaveLength(1)
  })

  test('of which nothing is known is neither started nor removed', () => {
    const cluster = new LocalCluster()
    const node = cluster.add('NodeA', { ...EMPTY_MEMORY, roster, replicas: [replicaOf()] })
    expect(node.all('startReplica')).toHaveLength(0)
    expect(node.all('removeReplica')).toHaveLength(0)
  })

  test('is not started without the ports that were offered for it: the offer may be of an earlier life', () => {
    const cluster = LocalCluster.of(['NodeA'])
    const record = recordOf({ established: false })
    cluster.deliver({ from: 'NodeZ', to: 'NodeA', message: { type: 'METADATA_UPDATE', records: [record] } })
    cluster.run()
    const node = cluster.node('NodeA')
    expect(node.all('startReplica')).toHaveLength(0)
    expect(node.core.table.database('app_users')?.replicas.NodeA?.value).toMatchObject({ status: 'failed' })
    const failures = node.all('send').filter(({ message }) => message.type === 'DATABASE_REPLICA_FAILED')
    expect(failures).toHaveLength(1)
  })

  test('that gathered without this node, or was lost with its disk, is not started from nothing', () => {
    const cluster = LocalCluster.of(['NodeA'])
    cluster.deliver({ from: 'NodeZ', to: 'NodeA', message: { type: 'METADATA_UPDATE', records: [recordOf()] } })
    cluster.run()
    expect(cluster.node('NodeA').all('startReplica')).toHaveLength(0)
  })

  test.each([
    ['was up before', true],
    ['never was up', false],
  ])('that gave up before its cluster was established, and %s, is tried again once it is', (_, wasUp) => {
    const cluster = LocalCluster.of(['NodeA'])
    const [records, replicas] = [[recordOf({ established: false })], [replicaOf()]]
    const node = cluster.add('NodeB', { ...EMPTY_MEMORY, roster, records, replicas })
    const { name, clusterId } = replicaOf()
    if (wasUp) node.dispatch({ type: 'replicaReady', name, clusterId })
    node.dispatch({ type: 'replicaFailed', name, clusterId, error: 'rqlited: no luck' })
    cluster.pass(3_000)
    expect(node.all('startReplica')).toHaveLength(1)
    const message = { type: 'METADATA_UPDATE' as const, records: [recordOf()] }
    node.dispatch({ type: 'messageReceived', from: 'NodeA', message })
    cluster.pass(3_000)
    expect(node.all('startReplica').map(({ start }) => start.kind)).toEqual(['restart', 'restart'])
  })

  test('whose cluster nobody establishes is ended by its own node', () => {
    const cluster = new LocalCluster()
    cluster.rqlited = 'hangs'
    const entry = { name: 'app_users', generation: 1, promised: ballotOf(1), deleted: false }
    const accepted = { ballot: ballotOf(1), decree, established: false }
    const node = cluster.add('NodeA', {
      roster,
      acceptors: [{ ...entry, accepted }],
      records: [recordOf({ established: false })],
      replicas: [replicaOf()],
    })
    cluster.run()
    cluster.pass(10_000)
    expect(node.all('removeReplica')).toHaveLength(0)
    cluster.pass(10_000)
    expect(node.all('removeReplica')).toHaveLength(1)
    expect(node.core.table.database('app_users')).toMatchObject({ deleted: true, established: false })
  })
})

describe('offered ports', () => {
  test('are given back when nobody takes them up', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'], { replicationFactor: 3 })
    const request = {
      type: 'DATABASE_CREATE_REQUEST',
      name: 'app_users',
      generation: 1,
      ballot: ballotOf(1, 'NodeB'),
      epoch: 1,
      rqliteMajor: 8,
    } as const
    cluster.deliver({ from: 'NodeB', to: 'NodeA', message: request })
    cluster.run()
    expect(cluster.node('NodeA').leases.size).toBe(1)
    cluster.pass(21_000)
    expect(cluster.node('NodeA').leases.size).toBe(0)
  })

  test('are given back at once by a node that is not chosen', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC', 'NodeD'], { replicationFactor: 2 })
    cluster.ensure('NodeA', 'app_users')
    for (const node of cluster.nodes.values()) expect(node.leases.size).toBe(0)
  })
})
