import type { LocalReplica } from '@dbcluster/coordinator'
import { effectiveReplicas } from '@dbcluster/metadata'
import type { DatabaseRecord } from '@dbcluster/protocol'
import type { Directory } from '../model/directory.js'
import type { RaftLog } from '../model/raft/raft-log.js'
import type { SimNode } from '../sim-node.js'
import type { World } from '../world.js'

/** The replicas that a node's disk says it hosts. */
export const hostedBy = (node: SimNode): LocalReplica[] =>
  [...node.store].flatMap(([key, value]) => (key.startsWith('replica/') ? [value as LocalReplica] : []))

/** I8: ports are held by replicas that are awake, and by nothing else. */
export const checkPorts = (world: World): void => {
  for (const node of world.working()) {
    const awake = hostedBy(node).filter(({ asleep }) => !asleep)
    const names = awake.map(({ name }) => name).sort()
    const holding = node.ports.owners()
    if (holding.join() !== names.join())
      world.monitor.fail('I8 ports', `${node.peerId} holds ports for [${holding}], and [${names}] are awake`)
  }
}

/** I8: replicas stand for a decree that holds, and processes for replicas that are awake. */
export const checkNoLeaks = (world: World): void => {
  checkPorts(world)
  for (const node of world.working()) {
    const stored = hostedBy(node)
    for (const replica of stored) {
      const record = node.core?.table.database(replica.name)
      const stands = record !== undefined && !record.deleted && record.decree.clusterId === replica.clusterId
      if (!stands) world.monitor.fail('I8 replicas', `${node.peerId} keeps a replica of ${replica.name} that fell`)
      if (record?.established !== true)
        world.monitor.fail('I8 replicas', `${node.peerId} keeps a replica of ${replica.name}, which nobody established`)
    }
    const awake = stored.filter(({ asleep }) => !asleep).map(({ name }) => name)
    const stray = node.machine.running().filter((name) => !awake.includes(name))
    if (stray.length > 0)
      world.monitor.fail('I8 processes', `${node.peerId} runs [${stray}], for which no replica that is awake stands`)
  }
}

/** Why a database is not as it should be once nothing goes wrong any more; nothing when it is active or asleep, whole. */
export const notWhole = (world: World, record: DatabaseRecord): string | undefined => {
  const placed = effectiveReplicas(record)
  if (hasLostMajority(world, record)) return undefined
  const nodes = placed.map(({ peerId }) => world.nodes.find((node) => node.peerId === peerId))
  const factor = record.placement?.replicationFactor ?? record.decree.replicationFactor
  const wanted = Math.min(factor, world.working().length)
  if (placed.length < wanted) return `it has ${placed.length} replicas of ${wanted}`
  const replicas = nodes.map((node) => node?.store.get(`replica/${record.name}`) as LocalReplica | undefined)
  const missing = placed.filter((_, index) => replicas[index]?.clusterId !== record.decree.clusterId)
  if (missing.length > 0) return `${missing.map(({ peerId }) => peerId)} have no replica of it`
  const strays = world.working().filter((node) => {
    const stored = node.store.get(`replica/${record.name}`) as LocalReplica | undefined
    return stored !== undefined && !placed.some(({ raftId }) => raftId === stored.assignment.raftId)
  })
  if (strays.length > 0) return `${strays.map(({ peerId }) => peerId)} keep a replica of it that is no member`
  const asleep = replicas.filter((replica) => replica?.asleep).length
  if (asleep > 0) return asleep === placed.length ? undefined : `${asleep} of ${placed.length} replicas are asleep`
  const down = placed.filter((_, index) => nodes[index]?.machine.server(record.name) === undefined)
  if (down.length > 0) return `${down.map(({ peerId }) => peerId)} run no rqlited of it`
  const voters =
    world.fabric
      .record(record.decree.clusterId)
      ?.voters.map(({ id }) => id)
      .sort() ?? []
  const ids = placed.map(({ raftId }) => raftId).sort()
  return voters.join() === ids.join() ? undefined : `it is placed as [${ids}], and its voters are [${voters}]`
}

/**
 * Too few disks still hold what their members acknowledged, or those that do cannot elect one of themselves: nothing may
 * be changed by itself (I3). Raft refuses its vote to whom its own configuration does not hold (hashicorp/raft does), so
 * a member that missed the last join is no help to the one that came by it.
 */
export const hasLostMajority = (world: World, { name, decree }: DatabaseRecord): boolean => {
  const record = world.fabric.record(decree.clusterId)
  if (record === undefined) return false
  const intact = record.voters.flatMap(({ id }) =>
    world.nodes.flatMap(({ machine }) => {
      const directory = machine.directory(name)
      return directory?.raftId === id && directory.log.lastIndex >= record.heldBy(id) ? directory : []
    }),
  )
  const canLead = (candidate: Directory): boolean => {
    const { voters } = candidate.log
    const votes = intact.filter(({ raftId, log }) => {
      const knows = log.voters.length === 0 || log.voters.some(({ id }) => id === candidate.raftId)
      return knows && voters.some(({ id }) => id === raftId) && !isNewer(log, candidate.log)
    })
    return votes.length > voters.length / 2
  }
  return !intact.some(canLead)
}

const isNewer = (log: RaftLog, than: RaftLog): boolean =>
  log.lastTerm > than.lastTerm || (log.lastTerm === than.lastTerm && log.lastIndex > than.lastIndex)
