import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, signalProcess, startTestCluster, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { afterEach, describe, expect, test } from '@jest/globals'
import { rowsAt, writeSoon } from './support/rows.js'
import { membersOf, replicasOf } from './support/rqlite-view.js'
import { startWriters } from './support/writers.js'

/** Detection takes some checks of a second each; the rest is for a busy machine. */
const REPLACED_LIMIT_MS = 120_000

let cluster: TestCluster
afterEach(() => cluster?.stop(), 30_000)

const start = async (nodes = 4): Promise<void> => {
  // A machine that is busy must not look like one that is dead.
  const sets = ['database.hibernation_timeout=0', 'discovery.health_check_interval=3s']
  cluster = await startTestCluster({ nodes, gateway: false, sets })
}

/** Nodes that the metadata of this node places a database on. */
const placedOn = async (node: number, database: string): Promise<readonly number[]> => {
  const { replicas } = await cluster.ask(node, { op: 'status', database })
  return replicas.map(({ peer_id }) => cluster.nodes.findIndex((one) => one.peerId === peer_id)).sort()
}

const leaderOf = async (node: number, database: string): Promise<number> => {
  const found = await eventually(`${database} has a leader`, async () => {
    const { replicas } = await cluster.ask(node, { op: 'status', database })
    const leader = replicas.find((replica) => replica.leader)?.peer_id
    const at = cluster.nodes.findIndex((one) => one.peerId === leader)
    return at < 0 ? undefined : { at }
  })
  return found.at
}

const nodeAt = (index: number): TestNode => {
  const node = cluster.nodes[index]
  if (node === undefined) throw new RangeError(`there is no node ${index}`)
  return node
}

/** A database with a row 0, on a machine that may be busy. */
const makeUsers = async (): Promise<void> => {
  const schema = 'CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY)'
  await eventually(
    'a database is made',
    async () => cluster.ask(0, { op: 'execute', database: 'users', statement: { sql: schema } }),
    { limitMs: REPLACED_LIMIT_MS },
  )
  await writeSoon(cluster, 0, 'users', 0)
}

/** Kills a node, and what it runs. */
const killAll = async (node: TestNode): Promise<void> => {
  const processes = node.rqliteds()
  await node.kill('SIGKILL')
  for (const one of processes) signalProcess(one, 'SIGKILL')
}

/** Resolves when Raft and the metadata agree on these nodes, each with a replica that runs. */
const settledOn = (database: string, nodes: readonly number[], askNode: number): Promise<unknown> =>
  eventually(
    `${database} is on nodes ${nodes.join(', ')}`,
    async () => {
      const placed = await placedOn(askNode, database)
      const running = replicasOf(cluster, database).filter(({ node }) => nodes.includes(node))
      const [one] = running
      if (String(placed) !== String(nodes) || running.length !== nodes.length || one === undefined) return false
      const members = await membersOf(one)
      return members.length === nodes.length && members.every(({ voter }) => voter)
    },
    { limitMs: REPLACED_LIMIT_MS },
  )

describe('a node that dies', () => {
  test.each(['a follower', 'the leader'])(
    'with its rqlited, which is %s: a node without a replica takes its place while writes go on, none is lost',
    async (which) => {
      await start()
      await makeUsers()
      const placed = await placedOn(0, 'users')
      const leader = await leaderOf(0, 'users')
      const victim = which === 'the leader' ? leader : (placed.find((node) => node !== leader) ?? leader)
      const spare = [0, 1, 2, 3].find((node) => !placed.includes(node)) ?? 0
      const writers = await startWriters([cluster.client(spare)], 'users')
      await writers.reached(50)
      await killAll(nodeAt(victim))
      const after = [...placed.filter((node) => node !== victim), spare].sort()
      await settledOn('users', after, spare)
      await writers.reached(writers.acknowledged.length + 50)
      await writers.stop()
      const rows = new Set(await rowsAt(cluster, spare, 'users', 'strong'))
      expect(writers.acknowledged.filter((row) => !rows.has(row))).toEqual([])

      await nodeAt(victim).start()
      await eventually('its copy is set aside', () => {
        const quarantine = join(nodeAt(victim).dataDir, 'quarantine')
        const kept = existsSync(quarantine) && readdirSync(quarantine).some((name) => name.startsWith('demo_users.'))
        return kept && !existsSync(join(nodeAt(victim).dataDir, 'demo_users'))
      })
      expect(await placedOn(victim, 'users')).toEqual(after)
    },
    600_000,
  )
})
