import type { CoordinatorEffect } from '@dbcluster/coordinator'
import type { RaftPosition } from '@dbcluster/protocol'
import type { Tellers } from './perform-effect.js'
import type { SimNode } from './sim-node.js'

type LifeEffect = Extract<
  CoordinatorEffect,
  {
    type: 'checkIdle' | 'holdQueries' | 'closeGate' | 'openGate' | 'sleepReplica' | 'restPorts' | 'leaseWakePorts'
  }
>

/** Carries out what sleeping and waking ask of a node. */
export const performLife = (node: SimNode, effect: LifeEffect, { tell, later }: Tellers): void => {
  const { gates, machine, ports } = node
  switch (effect.type) {
    case 'checkIdle':
      return later(0.1, () => ({ type: 'idleChecked', name: effect.name, ...gates.activity(effect.name) }))
    case 'holdQueries': {
      const { type: _, idleForMs, ...about } = effect
      return later(0.5, () => {
        const held = gates.hold(effect.name, idleForMs)
        const raft = held ? positionOf(node, effect.name) : undefined
        return { type: 'queriesHeld', ...about, held, ...(raft === undefined ? {} : { raft }) }
      })
    }
    case 'closeGate':
      return gates.close(effect.name)
    case 'openGate':
      return gates.open(effect.name, effect.woke)
    case 'sleepReplica': {
      const { type: _, ...about } = effect
      return machine.sleep(effect.name, effect.run, (record) => {
        ports.rest(effect.name)
        tell({ type: 'replicaSlept', ...about, ...(record === undefined ? {} : { record }) })
      })
    }
    case 'restPorts':
      return ports.rest(effect.name, effect.ports)
    case 'leaseWakePorts': {
      const { type: _, preferred, ...about } = effect
      return machine.halt(effect.name, { stepDown: true }, () => {
        const offer = ports.leaseFor(effect.name, preferred)
        if (offer === undefined) return tell({ type: 'wakePortsRefused', ...about, reason: 'no_ports' })
        const stopRecord = machine.stopRecord(effect.name)
        tell({ type: 'wakePortsLeased', ...about, offer, ...(stopRecord === undefined ? {} : { stopRecord }) })
      })
    }
  }
}

const positionOf = (node: SimNode, name: string): RaftPosition | undefined => {
  const sight = node.machine.sight(name)
  if (sight === undefined) return undefined
  const { lastIndex, lastTerm, commitIndex, isLeader } = sight
  return {
    lastIndex,
    lastTerm,
    commitIndex,
    appliedIndex: commitIndex,
    isLeader,
    voters: sight.voters.map(({ id }) => id),
  }
}
