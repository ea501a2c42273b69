import type { Coordinator } from '@dbcluster/coordinator'
import { effectiveReplicas } from '@dbcluster/metadata'
import type { Network } from '@dbcluster/network'
import type { NodeGauges } from './node-metrics.js'

/** Gauges of one node, read from its metadata and connections. */
export const nodeGauges = (coordinator: Coordinator, network: Network): NodeGauges => ({
  databases: () => coordinator.databases('').length,
  connectedNodes: () => {
    const connected = new Set(network.connectedPeers())
    return coordinator.roster?.members.filter(({ peerId }) => connected.has(peerId)).length ?? 0
  },
  guestsDisconnected: () => network.stats().guestsDisconnected,
  replicas: () => {
    const counts = new Map<string, number>()
    for (const record of coordinator.databases('')) {
      if (!effectiveReplicas(record).some(({ peerId }) => peerId === network.peerId)) continue
      const status = record.replicas[network.peerId]?.value.status ?? 'starting'
      counts.set(status, (counts.get(status) ?? 0) + 1)
    }
    return counts
  },
})
