import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestCluster } from '@dbcluster/testkit'

/** State of a listening socket (include/net/tcp_states.h). */
const LISTEN = '0A'

interface Ranges {
  readonly database: {
    readonly port_range_http_start: number
    readonly port_range_http_end: number
    readonly port_range_raft_start: number
    readonly port_range_raft_end: number
  }
}

/** Ports on which something listens now, of those that nodes of this cluster give to replicas, sorted. */
export const boundReplicaPorts = (cluster: TestCluster): readonly number[] => {
  const ranges = cluster.nodes.flatMap(({ index }) => {
    const text = readFileSync(join(cluster.directory, `node-${index}.yaml`), 'utf8')
    const { database } = JSON.parse(text) as Ranges
    return [
      [database.port_range_http_start, database.port_range_http_end] as const,
      [database.port_range_raft_start, database.port_range_raft_end] as const,
    ]
  })
  return listeningPorts().filter((port) => ranges.some(([start, end]) => port >= start && port <= end))
}

/** Reads proc_net_tcp(5): the second column is the local address, the fourth the state, in hex. */
const listeningPorts = (): readonly number[] => {
  const ports = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      return state === LISTEN ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []
    })
  return [...new Set(ports)].sort((a, b) => a - b)
}
