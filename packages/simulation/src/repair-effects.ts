import type { CoordinatorEffect, RaftSeen } from '@dbcluster/coordinator'
import type { RaftFabric } from './model/raft/raft-fabric.js'
import type { Tellers } from './perform-effect.js'
import type { SimNode } from './sim-node.js'

/** Effects that a replica host carries out for repairs. */
type RepairEffect = Extract<
  CoordinatorEffect,
  { type: 'lookAtRaft' | 'dialReplica' | 'removeVoter' | 'findReplicas' | 'surveyReplica' }
>

/** How long rqlited may take for an answer. */
const ANSWER_MS = 2_000

/** Carries out what repairs ask of a node. */
export const performRepair = (
  node: SimNode,
  effect: RepairEffect,
  fabric: RaftFabric,
  { tell, later }: Tellers,
): void => {
  const { machine } = node
  switch (effect.type) {
    case 'lookAtRaft': {
      const { name, clusterId, prove } = effect
      const before = seenOf(node, name)
      const seen = (proved: boolean): void => {
        const after = seenOf(node, name)
        const isSame = before?.leaderId === after?.leaderId && before?.isLeader === after?.isLeader
        const view = proved && isSame ? before : undefined
        tell({ type: 'raftSeen', name, clusterId, proved: prove, ...(view === undefined ? {} : { view }) })
      }
      if (prove) return throughRaft(node, name, fabric, seen)
      return later(1, () => {
        const view = seenOf(node, name)
        return { type: 'raftSeen', name, clusterId, proved: false, ...(view === undefined ? {} : { view }) }
      })
    }
    case 'dialReplica': {
      const { name, repairId, host, raftPort } = effect
      return later(2, () => {
        const server = fabric.at(`${host}:${raftPort}`)
        const reached = server?.up === true && fabric.isReachable(node.peerId, server.peerId)
        return { type: 'replicaDialled', name, repairId, reached }
      })
    }
    case 'removeVoter':
      return removeVoter(node, effect, fabric, { tell, later })
    case 'findReplicas':
      return later(1, () => ({ type: 'replicasFound', replicas: machine.found() }))
    case 'surveyReplica': {
      const { name, surveyId } = effect
      return later(1, () => {
        const sight = machine.sight(name)
        const record = machine.stopRecord(name)
        if (sight === undefined && record === undefined) return { type: 'replicaSurveyed', surveyId }
        const { lastIndex, lastTerm } = sight ?? record ?? { lastIndex: 0, lastTerm: 0 }
        const survey = { lastIndex, lastTerm, hasLeader: sight?.leaderId !== undefined }
        return { type: 'replicaSurveyed', surveyId, survey }
      })
    }
  }
}

const seenOf = (node: SimNode, name: string): RaftSeen | undefined => {
  const sight = node.machine.sight(name)
  if (sight === undefined) return undefined
  const { raftId, isLeader, leaderId, lastIndex, voters } = sight
  return { raftId, isLeader, leaderId, lastLogIndex: lastIndex, voters: [...voters] }
}

/** A read through the log, passed on to the leader if need be; answered once. */
const throughRaft = (node: SimNode, name: string, fabric: RaftFabric, done: (proved: boolean) => void): void => {
  const server = node.machine.server(name)
  const leader = server === undefined ? undefined : fabric.groupOf(server).leaderFor(server)
  let isOver = false
  const end = (proved: boolean): void => {
    if (!isOver) done(proved)
    isOver = true
  }
  if (leader === undefined) return void fabric.after(1, () => end(false))
  fabric
    .groupOf(leader)
    .propose(leader, { kind: 'noop' }, (outcome) => fabric.after(1, () => end(outcome === 'committed')))
  fabric.after(ANSWER_MS, () => end(false))
}

const removeVoter = (
  node: SimNode,
  { name, clusterId, raftId }: Extract<CoordinatorEffect, { type: 'removeVoter' }>,
  fabric: RaftFabric,
  { tell }: Tellers,
): void => {
  const about = { type: 'voterRemoved', name, clusterId, raftId } as const
  const server = node.machine.server(name)
  const leader = server === undefined ? undefined : fabric.groupOf(server).leaderFor(server)
  if (leader === undefined) return void fabric.after(1, () => tell({ ...about, error: 'no leader' }))
  fabric.groupOf(leader).change(
    leader,
    (voters) => (voters.some(({ id }) => id === raftId) ? voters.filter(({ id }) => id !== raftId) : undefined),
    (outcome) => fabric.after(1, () => tell(outcome === 'committed' ? about : { ...about, error: outcome })),
  )
}
