import type { CoordinatorEffect, CoordinatorEvent } from '@dbcluster/coordinator'
import { performLife } from './life-effects.js'
import type { RaftFabric } from './model/raft/raft-fabric.js'
import type { Network } from './network.js'
import type { Random } from './random.js'
import { performRepair } from './repair-effects.js'
import type { SimNode } from './sim-node.js'

/** How a node's shell hears back. */
export interface Tellers {
  readonly tell: (event: CoordinatorEvent) => void
  readonly later: (delayMs: number, event: () => CoordinatorEvent) => void
}

/** Carries out one effect of a node's core; `persist` is the node's own. */
export const performEffect = (
  node: SimNode,
  effect: CoordinatorEffect,
  { network, random, fabric }: { readonly network: Network; readonly random: Random; readonly fabric: RaftFabric },
  tellers: Tellers,
): void => {
  const { later } = tellers
  const { machine, peerId, ports } = node
  switch (effect.type) {
    case 'send':
      if (effect.to === peerId) return node.received(peerId, effect.message)
      return network.send(peerId, effect.to, effect.message)
    case 'publish':
      return network.publish(peerId, effect.message)
    case 'leasePorts':
      return later(random.between(0, 3), () => {
        const offer = ports.lease(effect.leaseKey)
        if (offer === undefined) return { type: 'portsRefused', leaseKey: effect.leaseKey, reason: 'no_ports' }
        return { type: 'portsLeased', leaseKey: effect.leaseKey, offer }
      })
    case 'confirmPorts':
      return void ports.confirm(effect.leaseKey, effect.name)
    case 'releasePorts':
      return ports.release(effect.leaseKey)
    case 'startReplica':
      return startReplica(node, effect, tellers)
    case 'removeReplica':
      return later(random.between(5, 40), () => {
        machine.remove(effect.name, effect.reason)
        ports.release(effect.name)
        return { type: 'replicaRemoved', name: effect.name, clusterId: effect.clusterId }
      })
    case 'checkIdle':
    case 'holdQueries':
    case 'closeGate':
    case 'openGate':
    case 'sleepReplica':
    case 'restPorts':
    case 'leaseWakePorts':
      return performLife(node, effect, tellers)
    case 'lookAtRaft':
    case 'dialReplica':
    case 'removeVoter':
    case 'findReplicas':
    case 'surveyReplica':
      return performRepair(node, effect, fabric, tellers)
    default:
      return
  }
}

const startReplica = (
  node: SimNode,
  effect: Extract<CoordinatorEffect, { type: 'startReplica' }>,
  { tell, later }: Tellers,
): void => {
  const about = { name: effect.name, clusterId: effect.decree.clusterId }
  const { host, httpPort, raftPort } = effect.assignment
  if (!node.ports.reserve(effect.name, { host, httpPort, raftPort }))
    return later(1, () => ({ type: 'replicaFailed', ...about, error: `port ${httpPort} is held by another` }))
  node.machine.start(effect, {
    ready: (recovery) => tell({ type: 'replicaReady', ...about, recovery }),
    gathered: (voters) => tell({ type: 'replicaGathered', ...about, voters }),
    failed: (error) => tell({ type: 'replicaFailed', ...about, error }),
    warmed: () => tell({ type: 'replicaWarmed', ...about }),
    lost: (reason) => tell({ type: 'replicaLost', ...about, reason }),
  })
}
