import type { CoordinatorEvent } from '../core/events.js'
import type { RaftSeen, RepairEffect } from '../core/repair-events.js'
import type { ReplicaHost } from './components.js'

/** Effects that a replica host carries out for repairs. */
export type HostRepairEffect = Exclude<RepairEffect, { type: 'operatorAnswer' }>

/** Carries one out and tells how it ended; whatever goes wrong is an answer too. */
export const performRepair = (
  effect: HostRepairEffect,
  replicas: ReplicaHost,
  dispatch: (event: CoordinatorEvent) => void,
): void => {
  switch (effect.type) {
    case 'lookAtRaft': {
      const { name, clusterId, prove } = effect
      const tell = (view: RaftSeen | undefined): void =>
        dispatch({ type: 'raftSeen', name, clusterId, proved: prove, ...(view === undefined ? {} : { view }) })
      const look = prove ? replicas.proveVoters?.(name) : replicas.view?.(name)
      return void Promise.resolve(look).then(tell, () => tell(undefined))
    }
    case 'dialReplica': {
      const { name, repairId, host, raftPort } = effect
      const tell = (reached: boolean): void => dispatch({ type: 'replicaDialled', name, repairId, reached })
      return void Promise.resolve(replicas.dial?.(host, raftPort) ?? false).then(tell, () => tell(false))
    }
    case 'removeVoter': {
      const { name, clusterId, raftId } = effect
      const about = { type: 'voterRemoved', name, clusterId, raftId } as const
      return void Promise.resolve(replicas.removeVoter?.(name, raftId)).then(
        () => dispatch(about),
        (error: unknown) => dispatch({ ...about, error: String(error) }),
      )
    }
    case 'findReplicas': {
      const tell = (found: Awaited<ReturnType<NonNullable<ReplicaHost['inspect']>>>): void =>
        dispatch({ type: 'replicasFound', replicas: found })
      return void Promise.resolve(replicas.inspect?.() ?? []).then(tell, () => tell([]))
    }
  }
}
