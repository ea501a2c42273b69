import { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOperatorToken, OPERATOR_PURPOSE } from '@dbcluster/auth'
import { eventually, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterEach, describe, expect, test } from '@jest/globals'
import { hibernate } from './support/asleep.js'
import { failure } from './support/errors.js'
import { killAll, leaderOf, makeUsers, nodeAt, placedOn, REPLACED_LIMIT_MS, settledOn } from './support/placement.js'
import { rowsAt, writeSoon } from './support/rows.js'
import { membersOf, replicasOf } from './support/rqlite-view.js'

let cluster: TestCluster
afterEach(() => cluster?.stop(), 30_000)

const start = async (nodes: number): Promise<void> => {
  const sets = ['database.hibernation_timeout=0', 'discovery.health_check_interval=3s']
  cluster = await startTestCluster({ nodes, gateway: false, sets })
}

/** What `dbcluster node` makes on a machine with the cluster key. */
const operatorCredential = (): string => {
  const file = join(nodeAt(cluster, 0).dataDir, 'keys', 'cluster.key')
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex')
  return createOperatorToken(new Uint8Array(hkdfSync('sha256', key, '', OPERATOR_PURPOSE, 32)), cluster.app)
}

describe('an operator', () => {
  test('changes the number of replicas, empties a node and has it forgotten; an application may not', async () => {
    await start(4)
    await makeUsers(cluster)
    await cluster.ask(0, { op: 'setReplication', database: 'users', replicationFactor: 4 })
    await settledOn(cluster, 'users', { nodes: [0, 1, 2, 3], ask: 0 })
    await cluster.ask(0, { op: 'setReplication', database: 'users', replicationFactor: 3 })
    const three = await eventually(
      'three replicas are left',
      async () => {
        const placed = await placedOn(cluster, 0, 'users')
        return placed.length === 3 ? placed : undefined
      },
      { limitMs: REPLACED_LIMIT_MS },
    )
    await settledOn(cluster, 'users', { nodes: three, ask: 0 })
    expect(await rowsAt(cluster, 0, 'users', 'strong')).toEqual([0])

    const leaving = await leaderOf(cluster, 0, 'users')
    const { peerId } = nodeAt(cluster, leaving)
    const other = three.find((node) => node !== leaving) ?? 0
    expect(await failure(cluster.ask(other, { op: 'drainNode', peerId, on: true }))).toBe('FORBIDDEN')
    await cluster.ask(other, { op: 'drainNode', peerId, on: true }, { credential: operatorCredential() })
    const after = [0, 1, 2, 3].filter((node) => node !== leaving)
    await settledOn(cluster, 'users', { nodes: after, ask: other })
    await writeSoon(cluster, other, 'users', 1)
    const busy = await failure(cluster.ask(other, { op: 'forgetNode', peerId }, { credential: operatorCredential() }))
    expect(busy).toBe('CONFLICT')
    await nodeAt(cluster, leaving).kill('SIGTERM')
    const forgotten = await eventually(
      'it is forgotten',
      () => cluster.ask(other, { op: 'forgetNode', peerId }, { credential: operatorCredential() }),
      { limitMs: REPLACED_LIMIT_MS },
    )
    expect(forgotten).toEqual({ peer_id: peerId, members: 3 })
    expect(await rowsAt(cluster, other, 'users', 'strong')).toEqual([0, 1])
  }, 600_000)

  test('empties a node of a database that sleeps', async () => {
    await start(4)
    await makeUsers(cluster)
    const [leaving = 0, other = 0, third = 0] = await placedOn(cluster, 0, 'users')
    const { peerId } = nodeAt(cluster, leaving)
    const after = [0, 1, 2, 3].filter((node) => node !== leaving)
    await settledOn(cluster, 'users', { nodes: [leaving, other, third].sort(), ask: other })
    await hibernate(cluster, other, 'users')
    const credential = operatorCredential()
    await cluster.ask(other, { op: 'drainNode', peerId, on: true }, { credential })
    const seenBy = async (who: { readonly credential?: string }) => {
      const { nodes } = await cluster.ask(other, { op: 'networkStatus' }, who)
      return nodes.find((node) => node.peer_id === peerId)
    }
    const told = await eventually('another node knows of it', async () => {
      const node = await seenBy({ credential })
      return node?.draining === true ? node : undefined
    })
    expect(told).toMatchObject({ databases: 1, leaving: [`${cluster.app}_users`] })
    expect(await seenBy({})).not.toHaveProperty('leaving')
    await settledOn(cluster, 'users', { nodes: after, ask: other })
    await eventually('nothing is left', async () => {
      const node = await seenBy({ credential })
      return node?.databases === 0 && node.leaving?.length === 0
    })
    expect(await rowsAt(cluster, other, 'users', 'strong')).toEqual([0])
  }, 600_000)

  test('recovers a database that lost its majority, from what is left', async () => {
    await start(3)
    await makeUsers(cluster)
    await writeSoon(cluster, 0, 'users', 1)
    await Promise.all([1, 2].map((node) => killAll(nodeAt(cluster, node))))
    const statement = { sql: 'INSERT INTO rows VALUES (2)' }
    expect(await failure(cluster.ask(0, { op: 'execute', database: 'users', statement }))).toMatch(
      /NO_LEADER|DATABASE_UNAVAILABLE|OUTCOME_UNKNOWN|TIMEOUT/,
    )
    const left = await eventually(
      'what is left is told',
      async () => cluster.ask(0, { op: 'recover', database: 'users' }),
      { limitMs: REPLACED_LIMIT_MS },
    )
    expect(left).toMatchObject({ chosen: nodeAt(cluster, 0).peerId, recovered: false })
    expect([...left.missing].sort()).toEqual([1, 2].map((node) => nodeAt(cluster, node).peerId).sort())
    expect(await failure(cluster.ask(0, { op: 'recover', database: 'users', confirm: 'user' }))).toBe('INVALID_REQUEST')
    const done = await cluster.ask(0, { op: 'recover', database: 'users', confirm: 'users' }, { timeoutMs: 60_000 })
    expect(done).toMatchObject({ recovered: true })
    await writeSoon(cluster, 0, 'users', 3)
    expect(await rowsAt(cluster, 0, 'users', 'strong')).toEqual(expect.arrayContaining([0, 1, 3]))

    // They come back before they can hear of it: with their old configuration they are a majority, and lead.
    nodeAt(cluster, 0).signal('SIGSTOP')
    await Promise.all([1, 2].map((node) => nodeAt(cluster, node).start()))
    await eventually('the old majority has a leader', async () => {
      const old = replicasOf(cluster, 'users').find(({ node }) => node !== 0)
      return old !== undefined && (await membersOf(old)).some(({ leader }) => leader)
    })
    nodeAt(cluster, 0).signal('SIGCONT')
    await settledOn(cluster, 'users', { nodes: [0, 1, 2], ask: 0 })
    const rows = await rowsAt(cluster, 0, 'users', 'strong')
    expect(rows).toEqual(expect.arrayContaining([0, 1, 3]))
    expect(await rowsAt(cluster, 1, 'users', 'strong')).toEqual(rows)
  }, 600_000)
})
