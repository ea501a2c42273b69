import { eventually, signalProcess, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { writeSoon } from './rows.js'
import { membersOf, replicasOf } from './rqlite-view.js'

/** Detection takes some checks; the rest is for a busy machine. */
export const REPLACED_LIMIT_MS = 120_000

/** A database `users` with the row 0, on a machine that may be busy. */
export const makeUsers = async (cluster: TestCluster): Promise<void> => {
  const sql = 'CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY)'
  await eventually(
    'a database is made',
    () => cluster.ask(0, { op: 'execute', database: 'users', statement: { sql } }),
    { limitMs: REPLACED_LIMIT_MS },
  )
  await writeSoon(cluster, 0, 'users', 0)
}

/** Nodes that the metadata of one of them places a database on. */
export const placedOn = async (cluster: TestCluster, node: number, database: string): Promise<readonly number[]> => {
  const { replicas } = await cluster.ask(node, { op: 'status', database })
  return replicas.map(({ peer_id }) => cluster.nodes.findIndex((one) => one.peerId === peer_id)).sort()
}

/** The node whose replica leads. */
export const leaderOf = async (cluster: TestCluster, node: number, database: string): Promise<number> => {
  const found = await eventually(
    `${database} has a leader`,
    async () => {
      const { replicas } = await cluster.ask(node, { op: 'status', database })
      const leader = replicas.find((replica) => replica.leader)?.peer_id
      const at = cluster.nodes.findIndex((one) => one.peerId === leader)
      return at < 0 ? undefined : { at }
    },
    { limitMs: REPLACED_LIMIT_MS },
  )
  return found.at
}

/** One node of a cluster. */
export const nodeAt = (cluster: TestCluster, index: number): TestNode => {
  const node = cluster.nodes[index]
  if (node === undefined) throw new RangeError(`there is no node ${index}`)
  return node
}

/** Kills a node, and what it runs. */
export const killAll = async (node: TestNode): Promise<void> => {
  const processes = node.rqliteds()
  await node.kill('SIGKILL')
  for (const one of processes) signalProcess(one, 'SIGKILL')
}

/** Resolves when Raft and the metadata of a node agree on these nodes, each with a replica that runs. */
export const settledOn = (
  cluster: TestCluster,
  database: string,
  about: { readonly nodes: readonly number[]; readonly ask: number },
): Promise<unknown> =>
  eventually(
    `${database} is on nodes ${about.nodes.join(', ')}`,
    async () => {
      const placed = await placedOn(cluster, about.ask, database)
      const running = replicasOf(cluster, database).filter(({ node }) => about.nodes.includes(node))
      const [one] = running
      if (String(placed) !== String(about.nodes) || running.length !== about.nodes.length || one === undefined)
        return false
      const members = await membersOf(one)
      return members.length === about.nodes.length && members.every(({ voter }) => voter)
    },
    { limitMs: REPLACED_LIMIT_MS },
  )
