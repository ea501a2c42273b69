import type { CoordinatorEvent } from '../core/events.js'
import type { RaftSeen, RepairEffect, ReplicaSurvey } from '../core/repair/repair-events.js'
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
      const dialled = Promise.resolve(replicas.dial?.(host, raftPort) ?? false)
      return void Promise.all([dialled, shorten(replicas, name)]).then(
        ([reached]) => tell(reached),
        () => tell(false),
      )
    }
    case 'removeVoter': {
      const { name, clusterId, raftId } = effect
      const about = { type: 'voterRemoved', name, clusterId, raftId } as const
      return void Promise.resolve(replicas.removeVoter?.(name, raftId)).then(
        () => dispatch(about),
        (error: unknown) => dispatch({ ...about, error: String(error) }),
      )
    }
    case 'surveyReplica': {
      const { name, surveyId } = effect
      const tell = (survey: ReplicaSurvey | undefined): void =>
        dispatch({ type: 'replicaSurveyed', surveyId, ...(survey === undefined ? {} : { survey }) })
      return void surveyOf(replicas, name).then(tell, () => tell(undefined))
    }
    case 'findReplicas': {
      const tell = (found: Awaited<ReturnType<NonNullable<ReplicaHost['inspect']>>>): void =>
        dispatch({ type: 'replicasFound', replicas: found })
      return void Promise.resolve(replicas.inspect?.() ?? []).then(tell, () => tell([]))
    }
  }
}

/** A newcomer that has to wait for longer is as well served by the whole log. */
const SHORTEN_MS = 5_000

/** Never fails: without it a newcomer takes longer. */
const shorten = (replicas: ReplicaHost, name: string): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, SHORTEN_MS)
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    Promise.resolve(replicas.shortenLog?.(name)).then(end, end)
  })

/** From the rqlited that runs, else from what its planned stop left. */
const surveyOf = async (replicas: ReplicaHost, name: string): Promise<ReplicaSurvey | undefined> => {
  const view = await replicas.view?.(name)
  if (view !== undefined) {
    const hasLeader = view.leaderId !== undefined
    return { lastIndex: view.lastLogIndex, lastTerm: view.lastLogTerm, hasLeader }
  }
  const record = await replicas.stopRecord?.(name)
  return record === undefined ? undefined : { lastIndex: record.lastIndex, lastTerm: record.lastTerm, hasLeader: false }
}
