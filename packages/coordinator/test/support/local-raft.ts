import type { Decree, ReplicaAssignment } from '@dbcluster/protocol'
import type { CoordinatorEffect, CoordinatorEvent } from '../../src/core/events.js'
import type { RaftVoter } from '../../src/core/repair/repair-events.js'

/** One cluster's Raft as far as repairs see it: voters, a leader among those that are up, an index that grows. */
export class LocalRaft {
  voters: RaftVoter[]
  leader: string
  index = 10
  /** How far each node's log goes, where a test is about that. */
  readonly lastIndexes = new Map<string, number>()
  /** Nodes whose rqlited knows of no leader, though there is one. */
  readonly blind = new Set<string>()
  /** What happened to the configuration and around it, in order. */
  readonly history: string[] = []

  constructor(decree: Decree) {
    this.voters = decree.replicas.map(({ raftId, host, raftPort }) => ({ id: raftId, address: `${host}:${raftPort}` }))
    this.leader = this.voters[0]?.id ?? ''
  }

  /** Performs what a core asks of its rqlited; undefined where the effect is none of Raft's. */
  perform(peerId: string, effect: CoordinatorEffect): CoordinatorEvent | undefined {
    switch (effect.type) {
      case 'lookAtRaft':
        return this.#look(peerId, effect)
      case 'dialReplica':
        this.history.push('dialled')
        return { type: 'replicaDialled', name: effect.name, repairId: effect.repairId, reached: true }
      case 'removeVoter':
        this.remove(effect.raftId)
        return { type: 'voterRemoved', name: effect.name, clusterId: effect.clusterId, raftId: effect.raftId }
      case 'surveyReplica': {
        const survey = {
          lastIndex: this.lastIndexes.get(peerId) ?? this.index,
          lastTerm: 2,
          hasLeader: this.leader !== '',
        }
        return { type: 'replicaSurveyed', surveyId: effect.surveyId, survey }
      }
      default:
        return undefined
    }
  }

  join({ raftId, host, raftPort }: ReplicaAssignment): void {
    this.index += 1
    this.history.push(`joined ${raftId.split('.')[0]}`)
    this.voters = [...this.voters, { id: raftId, address: `${host}:${raftPort}` }]
  }

  /** Whoever starts so goes on alone. */
  recover(raftId: string): void {
    this.history.push(`recovered from ${raftId.split('.')[0]}`)
    this.voters = this.voters.filter(({ id }) => id === raftId)
    this.leader = raftId
    this.index = 3 // a new history may begin lower than the old one ended
  }

  remove(raftId: string): void {
    this.index += 1
    this.history.push(`removed ${raftId.split('.')[0]}`)
    this.voters = this.voters.filter(({ id }) => id !== raftId)
    if (this.leader === raftId) this.leader = this.voters[0]?.id ?? ''
  }

  #look(peerId: string, effect: Extract<CoordinatorEffect, { type: 'lookAtRaft' }>): CoordinatorEvent {
    const { name, clusterId, prove } = effect
    const own = this.voters.find(({ id }) => id.startsWith(`${peerId}.`))
    if (prove) this.index += 1
    const about = { type: 'raftSeen', name, clusterId, proved: prove } as const
    if (own === undefined) return about
    const isLeader = own.id === this.leader
    const leaderId = this.leader === '' || this.blind.has(peerId) ? undefined : this.leader
    const view = { raftId: own.id, isLeader, leaderId, lastLogIndex: this.index, voters: this.voters }
    return { ...about, view }
  }
}
