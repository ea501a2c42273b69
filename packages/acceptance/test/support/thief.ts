import { createServer } from 'node:net'
import type { TestCluster } from '@dbcluster/testkit'

/** Takes the Raft port of a node's sleeping replica. @returns what gives it back */
export const stealRaftPort = async (
  cluster: TestCluster,
  database: string,
  node: number,
): Promise<() => Promise<void>> => {
  const { replicas } = await cluster.ask(node, { op: 'status', database })
  const port = replicas.find(({ peer_id }) => peer_id === cluster.nodes[node]?.peerId)?.raft_port
  const thief = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    thief.once('error', reject)
    thief.listen(port, '127.0.0.1', resolve)
  })
  return () => new Promise((resolve) => thief.close(() => resolve()))
}
