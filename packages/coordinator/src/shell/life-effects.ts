import { type RaftPosition, type StopRecord, toDbClusterError } from '@dbcluster/protocol'
import type { CoordinatorEffect, CoordinatorEvent } from '../core/events.js'
import { type CoordinatorComponents, declineReasonOf, type RaftSight, type StoppedReplica } from './components.js'

type EffectOf<T extends CoordinatorEffect['type']> = Extract<CoordinatorEffect, { type: T }>

/** An effect of sleeping or waking. */
export type LifeEffect = EffectOf<
  'checkIdle' | 'holdQueries' | 'closeGate' | 'openGate' | 'sleepReplica' | 'restPorts' | 'leaseWakePorts'
>

/** Carries out what sleeping and waking ask of gates, processes and ports. */
export class LifeEffects {
  readonly #components: CoordinatorComponents
  readonly #dispatch: (event: CoordinatorEvent) => void

  constructor(components: CoordinatorComponents, dispatch: (event: CoordinatorEvent) => void) {
    this.#components = components
    this.#dispatch = dispatch
  }

  perform(effect: LifeEffect): void {
    const { gates } = this.#components
    switch (effect.type) {
      case 'checkIdle':
        return this.#dispatch({ type: 'idleChecked', name: effect.name, ...gates.activity(effect.name) })
      case 'holdQueries':
        return this.#hold(effect)
      case 'closeGate':
        return gates.close(effect.name)
      case 'openGate':
        return gates.open(effect.name, { woke: effect.woke })
      case 'sleepReplica':
        return this.#sleep(effect)
      case 'restPorts':
        return this.#rest(effect)
      case 'leaseWakePorts':
        return this.#lease(effect)
    }
  }

  /** Ports that another replica has taken meanwhile are no home any more. */
  #rest({ name, ports }: EffectOf<'restPorts'>): void {
    try {
      this.#components.ports.rest(name, ports)
    } catch (error) {
      this.#components.logger.warn('The ports of a sleeping replica are taken', {
        database: name,
        error: String(error),
      })
    }
  }

  /** Closed first, looked at then: what the look finds cannot change through us any more. */
  #hold({ name, clusterId, run, attempt, idleForMs }: EffectOf<'holdQueries'>): void {
    const { gates, replicas } = this.#components
    const about = { type: 'queriesHeld', name, clusterId, run, attempt } as const
    if (!gates.hold(name, idleForMs)) return this.#dispatch({ ...about, held: false })
    replicas.view(name).then(
      (sight) => this.#dispatch({ ...about, held: true, ...(sight === undefined ? {} : { raft: positionOf(sight) }) }),
      () => this.#dispatch({ ...about, held: true }),
    )
  }

  #sleep({ name, clusterId, run }: EffectOf<'sleepReplica'>): void {
    const { replicas, logger } = this.#components
    replicas.sleep(name, { run }).then(
      (record) =>
        this.#dispatch({
          type: 'replicaSlept',
          name,
          clusterId,
          run,
          ...(record === undefined ? {} : { record: recordOf(record) }),
        }),
      (error: unknown) => {
        logger.error('A replica could not be put to sleep', { database: name, error: String(error) })
        this.#dispatch({ type: 'replicaSlept', name, clusterId, run })
      },
    )
  }

  #lease({ name, clusterId, run, preferred }: EffectOf<'leaseWakePorts'>): void {
    const { replicas, ports } = this.#components
    const about = { name, clusterId, run }
    const lease = async (): Promise<CoordinatorEvent> => {
      await replicas.halt(name)
      const [offer, stopRecord] = await Promise.all([ports.leaseFor(name, preferred), replicas.stopRecord(name)])
      return {
        type: 'wakePortsLeased',
        ...about,
        offer,
        ...(stopRecord === undefined ? {} : { stopRecord: recordOf(stopRecord) }),
      }
    }
    lease().then(this.#dispatch, (error: unknown) => {
      this.#dispatch({ type: 'wakePortsRefused', ...about, reason: declineReasonOf(toDbClusterError(error).code) })
    })
  }
}

const recordOf = (record: StoppedReplica): StopRecord => ({
  ...record,
  voters: record.voters.map(({ id, address }) => ({ id, address })),
})

const positionOf = (sight: RaftSight): RaftPosition => ({
  lastIndex: sight.lastLogIndex,
  lastTerm: sight.lastLogTerm,
  commitIndex: sight.commitIndex,
  appliedIndex: sight.appliedIndex,
  isLeader: sight.isLeader,
  voters: sight.voters.map((voter) => voter.id),
})
