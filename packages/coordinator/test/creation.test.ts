import { describe, expect, test } from '@jest/globals'
import { isA, LocalCluster } from './support/local-cluster.js'

const errorOf = (result: unknown): { code: string; message: string; hint?: string } => {
  const { error } = result as { error: { code: string; message: string; hint?: string } }
  return error
}

describe('a creation', () => {
  test('through any node makes one established database with all its replicas', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    const result = cluster.ensure('NodeB', 'app_users')
    expect(result).toMatchObject({ ok: true, created: true, record: { name: 'app_users', established: true } })
    const clusterIds = [...cluster.nodes.values()].map(({ core }) => core.table.database('app_users')?.decree.clusterId)
    expect(new Set(clusterIds).size).toBe(1)
    const starts = [...cluster.nodes.values()].flatMap((node) =>
      node.all('startReplica').map(({ start }) => start.kind),
    )
    expect(starts.sort()).toEqual(['bootstrap', 'join', 'join'])
    expect(cluster.ensure('NodeC', 'app_users', 'again')).toMatchObject({ ok: true, created: false })
  })

  test('asked thirty times at once is one creation', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    const names = ['NodeA', 'NodeB', 'NodeC']
    for (let index = 0; index < 30; index += 1) {
      const peerId = names[index % 3] ?? 'NodeA'
      cluster.node(peerId).dispatch({ type: 'ensureAsked', askId: `ask-${index}`, name: 'app_users' })
    }
    cluster.run()
    const results = [...cluster.nodes.values()].flatMap((node) => [...node.answers.values()])
    expect(results).toHaveLength(30)
    expect(results.every((result) => result.ok)).toBe(true)
    expect([...cluster.nodes.values()].flatMap((node) => node.all('startReplica'))).toHaveLength(3)
  })

  test('that finds too few nodes says how many, how many are needed, and why, at once', () => {
    const alone = LocalCluster.of(['NodeA'])
    const error = errorOf(alone.ensure('NodeA', 'app_users'))
    expect(error.code).toBe('INSUFFICIENT_NODES')
    expect(error.message).toBe('insufficient nodes responded: got 1, need 3 (the network has 1 node)')
    expect(error.hint).toContain('replication_factor')
    expect(alone.node('NodeA').leases.size).toBe(0)
  })

  test('names those that declined and those that did not answer', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC', 'NodeD'])
    cluster.node('NodeB').exhausted = true
    cluster.drop('NodeD')
    const error = errorOf(cluster.ensure('NodeA', 'app_users'))
    expect(error.message).toBe(
      'insufficient nodes responded: got 2, need 3 (declined: no_ports on NodeB; no answer from NodeD)',
    )
    for (const node of cluster.nodes.values()) expect(node.leases.size).toBe(0)
  })

  test('without a majority of the roster is refused even where the nodes would do', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC', 'NodeD', 'NodeE'], { replicationFactor: 1 })
    for (const peerId of ['NodeC', 'NodeD', 'NodeE']) cluster.drop(peerId)
    expect(errorOf(cluster.ensure('NodeA', 'app_users')).code).toBe('INSUFFICIENT_NODES')
    expect(cluster.node('NodeA').all('startReplica')).toHaveLength(0)
  })

  test('on full nodes is declined, but a name that is hosted already takes no second place', () => {
    const cluster = LocalCluster.of(['NodeA'], { replicationFactor: 1, maxDatabases: 1 })
    expect(cluster.ensure('NodeA', 'app_one')).toMatchObject({ ok: true })
    expect(errorOf(cluster.ensure('NodeA', 'app_two', 'ask-2')).message).toContain('declined: full on NodeA')
    cluster.node('NodeA').dispatch({ type: 'deleteAsked', askId: 'delete', name: 'app_one' })
    cluster.run()
    expect(cluster.ensure('NodeA', 'app_one', 'ask-3')).toMatchObject({
      ok: true,
      record: { decree: { generation: 2 } },
    })
  })

  test('whose replica fails is tried on another node', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC', 'NodeD'])
    cluster.node('NodeB').rqlited = 'fails'
    const result = cluster.ensure('NodeA', 'app_users')
    expect(result).toMatchObject({ ok: true })
    const record = cluster.node('NodeA').core.table.database('app_users')
    expect(record?.decree.replicas.map(({ peerId }) => peerId)).toEqual(['NodeA', 'NodeC', 'NodeD'])
    expect(cluster.node('NodeB').leases.size).toBe(0)
  })

  test('that cannot succeed leaves nothing behind: its generation is closed, replicas and ports are given back', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    cluster.node('NodeC').rqlited = 'fails'
    const error = errorOf(cluster.ensure('NodeB', 'app_users'))
    expect(error.message).toContain('got 2, need 3')
    expect(error.message).toContain('rqlited: no luck (on NodeC)')
    for (const node of cluster.nodes.values()) {
      expect(node.all('removeReplica').length).toBe(node.all('startReplica').length)
      expect(node.leases.size).toBe(0)
      expect(node.core.table.database('app_users')).toMatchObject({ deleted: true, established: false })
    }
    cluster.node('NodeC').rqlited = 'works'
    expect(cluster.ensure('NodeB', 'app_users', 'ask-2')).toMatchObject({
      ok: true,
      record: { decree: { generation: 2 } },
    })
  })

  test('through a node that is not admitted is refused with what to look at', () => {
    const cluster = LocalCluster.of(['NodeA'])
    const outsider = cluster.add('NodeX', { acceptors: [], records: [], replicas: [] })
    outsider.dispatch({ type: 'ensureAsked', askId: 'ask', name: 'app_users' })
    expect(errorOf(outsider.answers.get('ask')).code).toBe('NOT_ADMITTED')
  })

  test('makes different ids for two databases that are decided in one step', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'], { replicationFactor: 1 })
    cluster.hold = (letter) => letter.to === 'NodeC'
    for (const name of ['app_one', 'app_two'])
      cluster.node('NodeA').dispatch({ type: 'ensureAsked', askId: name, name })
    cluster.run()
    cluster.pass(2_000)
    const ids = ['app_one', 'app_two'].map((name) => cluster.node('NodeA').core.table.database(name)?.decree.clusterId)
    expect(ids.every((id) => id !== undefined)).toBe(true)
    expect(new Set(ids).size).toBe(2)
  })

  test('is completed by a successor when its coordinator falls silent', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    cluster.hold = (letter) =>
      letter.from === 'NodeA' && letter.to !== 'NodeA' && isA('DATABASE_CREATE_CONFIRM')(letter)
    cluster.ensure('NodeC', 'app_users')
    expect(cluster.node('NodeC').answers.size).toBe(0)
    cluster.pass(9_000)
    expect(cluster.node('NodeC').answers.get('ask-1')).toMatchObject({ ok: true })
    const bootstraps = [...cluster.nodes.values()]
      .flatMap((node) => node.all('startReplica'))
      .filter(({ start }) => start.kind === 'bootstrap')
      .map(({ decree }) => decree.clusterId)
    expect(new Set(bootstraps).size).toBe(bootstraps.length)
    const running = [...cluster.nodes.values()].map(
      (node) => node.all('startReplica').length - node.all('removeReplica').length,
    )
    expect(running).toEqual([1, 1, 1])
  })

  test('asked of a second coordinator does not disturb the first one, which is at work', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    for (const node of cluster.nodes.values()) node.rqlited = 'hangs'
    cluster.ensure('NodeC', 'app_users')
    cluster.pass(1_700) // NodeC asks NodeB now
    const asked = cluster
      .node('NodeB')
      .effects.some((effect) => effect.type === 'send' && effect.message.type === 'DATABASE_CREATE_REQUEST')
    expect(asked).toBe(false)
  })
})

describe('a deletion', () => {
  test('ends the generation on all nodes, and the next life of the name is another one', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    const first = cluster.ensure('NodeA', 'app_users')
    cluster.node('NodeB').dispatch({ type: 'deleteAsked', askId: 'delete', name: 'app_users' })
    cluster.run()
    expect(cluster.node('NodeB').answers.get('delete')).toMatchObject({ ok: true })
    for (const node of cluster.nodes.values()) {
      expect(node.core.table.database('app_users')?.deleted).toBe(true)
      expect(node.all('removeReplica')).toHaveLength(1)
    }
    const second = cluster.ensure('NodeC', 'app_users', 'ask-2')
    expect(second).toMatchObject({ ok: true, record: { decree: { generation: 2 } } })
    const idOf = (result: unknown): unknown =>
      (result as { record: { decree: { clusterId: string } } }).record.decree.clusterId
    expect(idOf(second)).not.toBe(idOf(first))
  })

  test('of what is not there says so', () => {
    const cluster = LocalCluster.of(['NodeA'])
    cluster.node('NodeA').dispatch({ type: 'deleteAsked', askId: 'delete', name: 'app_users' })
    expect(errorOf(cluster.node('NodeA').answers.get('delete')).code).toBe('DATABASE_NOT_FOUND')
  })

  test('without a majority is not done, and says so', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    cluster.ensure('NodeA', 'app_users')
    cluster.hold = (letter) => letter.from === 'NodeA' && letter.to !== 'NodeA'
    cluster.node('NodeA').dispatch({ type: 'deleteAsked', askId: 'delete', name: 'app_users' })
    cluster.run()
    cluster.pass(11_000)
    expect(errorOf(cluster.node('NodeA').answers.get('delete')).code).toBe('TIMEOUT')
    expect(cluster.node('NodeA').core.table.database('app_users')?.deleted).toBe(false)
  })

  test('that was left half done is completed by the acceptors that remember it', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    cluster.ensure('NodeA', 'app_users')
    cluster.hold = isA('DATABASE_DELETE_RESPONSE', 'NodeA')
    cluster.node('NodeA').dispatch({ type: 'deleteAsked', askId: 'delete', name: 'app_users' })
    cluster.run()
    cluster.drop('NodeA')
    expect(cluster.node('NodeB').core.table.database('app_users')?.deleted).toBe(false)
    cluster.pass(60_000)
    expect(cluster.node('NodeB').core.table.database('app_users')?.deleted).toBe(true)
  })
})
