import { encodeMessage, METADATA_TOPIC, NODE_PROTOCOL, toDbClusterError } from '@dbcluster/protocol'
import type { CoordinatorEffect, CoordinatorEvent, StoreWrite } from '../core/events.js'
import { type CoordinatorComponents, declineReasonOf, type ReplicaListener } from './components.js'
import { LifeEffects } from './life-effects.js'
import { Removals } from './removals.js'
import { performRepair } from './repair-effects.js'

type EffectOf<T extends CoordinatorEffect['type']> = Extract<CoordinatorEffect, { type: T }>

/** What the performer needs beside the components. */
export interface EffectSinks {
  readonly dispatch: (event: CoordinatorEvent) => void
  readonly answer: (effect: EffectOf<'answer'>) => void
  readonly answerKey: (effect: EffectOf<'keyAnswered'>) => void
  readonly answerOperator: (effect: EffectOf<'operatorAnswer'>) => void
  readonly observe: (effect: EffectOf<'recordChanged' | 'rosterChanged'>) => void
  /** The store refused a write: nothing may go on as if it were on disk. */
  readonly storeFailed: (error: unknown) => void
}

/**
 * Carries effects out in their order. Whatever was queued together is written to the store in one go, and only then
 * sent, started or answered: no promise leaves this node before it is on disk, and many of them share one fsync.
 */
export class EffectPerformer {
  readonly #components: CoordinatorComponents
  readonly #sinks: EffectSinks
  readonly #life: LifeEffects
  readonly #removals: Removals
  #queue: CoordinatorEffect[] = []
  /** Cleared in the very turn that found the queue empty: what comes a moment later must start another round. */
  #isDraining = false
  #drained: Promise<void> = Promise.resolve()
  #closed = false
  /** Names whose ports could not be confirmed in this round, and why: nothing may start on them. */
  #unconfirmed = new Map<string, string>()

  constructor(components: CoordinatorComponents, sinks: EffectSinks) {
    this.#components = components
    this.#sinks = sinks
    this.#life = new LifeEffects(components, sinks.dispatch)
    this.#removals = new Removals(components, sinks.dispatch)
  }

  perform(effects: readonly CoordinatorEffect[]): void {
    if (this.#closed || effects.length === 0) return
    this.#queue.push(...effects)
    if (this.#isDraining) return
    this.#isDraining = true
    this.#drained = this.#drain()
  }

  /** Performs what is queued, then nothing more. */
  async close(): Promise<void> {
    while (this.#isDraining) await this.#drained
    this.#closed = true
    this.#removals.close()
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#closed) {
        const batch = this.#queue
        this.#queue = []
        const writes = batch.flatMap((effect): readonly StoreWrite[] =>
          effect.type === 'persist' ? effect.writes : [],
        )
        if (writes.length > 0 && !(await this.#write(writes))) return
        this.#unconfirmed = new Map()
        for (const effect of batch) this.#attempt(effect)
      }
    } finally {
      this.#isDraining = false
    }
  }

  async #write(writes: readonly StoreWrite[]): Promise<boolean> {
    try {
      await this.#components.store.write(latest(writes))
      return true
    } catch (error) {
      this.#closed = true
      this.#sinks.storeFailed(error)
      return false
    }
  }

  /** One that throws is alone in it: what comes after it was promised as well. */
  #attempt(effect: CoordinatorEffect): void {
    try {
      this.#performOne(effect)
    } catch (error) {
      this.#components.logger.error('An effect failed', { effect: effect.type, error: String(error) })
    }
  }

  #performOne(effect: CoordinatorEffect): void {
    const { messenger, logger } = this.#components
    switch (effect.type) {
      case 'persist':
        return
      case 'send':
        if (effect.to === messenger.peerId) {
          return this.#sinks.dispatch({ type: 'messageReceived', from: effect.to, message: effect.message })
        }
        return messenger.notify(effect.to, NODE_PROTOCOL, encodeMessage(effect.message))
      case 'publish':
        messenger.publish(METADATA_TOPIC, encodeMessage(effect.message)).catch((error: unknown) => {
          logger.debug('Gossip was not published', { error: String(error) })
        })
        return
      case 'leasePorts':
        return this.#lease(effect.leaseKey)
      case 'confirmPorts':
        return this.#confirm(effect)
      case 'releasePorts':
        return this.#components.ports.release(effect.leaseKey)
      case 'startReplica':
        return this.#startReplica(effect)
      case 'removeReplica':
        return this.#removals.remove(effect)
      case 'checkIdle':
      case 'holdQueries':
      case 'closeGate':
      case 'openGate':
      case 'sleepReplica':
      case 'restPorts':
      case 'leaseWakePorts':
        return this.#life.perform(effect)
      case 'answer':
        return this.#sinks.answer(effect)
      case 'keyAnswered':
        return this.#sinks.answerKey(effect)
      case 'lookAtRaft':
      case 'dialReplica':
      case 'removeVoter':
      case 'findReplicas':
      case 'surveyReplica':
        return performRepair(effect, this.#components.replicas, this.#sinks.dispatch)
      case 'operatorAnswer':
        return this.#sinks.answerOperator(effect)
      case 'recordChanged':
      case 'rosterChanged':
        return this.#sinks.observe(effect)
      case 'log':
        return logger[effect.level](effect.message, effect.fields)
    }
  }

  #lease(leaseKey: string): void {
    this.#components.ports.lease(leaseKey).then(
      (offer) => this.#sinks.dispatch({ type: 'portsLeased', leaseKey, offer }),
      (error: unknown) => {
        const { code } = toDbClusterError(error)
        this.#sinks.dispatch({ type: 'portsRefused', leaseKey, reason: declineReasonOf(code) })
      },
    )
  }

  /** The lease may have ended meanwhile, where this node stood still or something it waited for took long. */
  #confirm({ leaseKey, name }: EffectOf<'confirmPorts'>): void {
    try {
      this.#components.ports.confirm(leaseKey, name)
    } catch (error) {
      this.#unconfirmed.set(name, toDbClusterError(error).message)
    }
  }

  #startReplica({ type: _, ...request }: EffectOf<'startReplica'>): void {
    const { name, decree } = request
    const about = { name, clusterId: decree.clusterId }
    const failed = (error: string): void => this.#sinks.dispatch({ type: 'replicaFailed', ...about, error })
    const unconfirmed = this.#unconfirmed.get(name)
    if (unconfirmed !== undefined) return failed(unconfirmed)
    const listener: ReplicaListener = {
      ready: (recovery) => this.#sinks.dispatch({ type: 'replicaReady', ...about, recovery }),
      gathered: (voters) => this.#sinks.dispatch({ type: 'replicaGathered', ...about, voters }),
      failed,
      warmed: () => this.#sinks.dispatch({ type: 'replicaWarmed', ...about }),
      lost: (reason) => this.#sinks.dispatch({ type: 'replicaLost', ...about, reason }),
    }
    try {
      this.#components.replicas.start(request, listener)
    } catch (error) {
      failed(toDbClusterError(error).message)
    }
  }
}

/** Of several writes to one key only the last matters. */
const latest = (writes: readonly StoreWrite[]): readonly StoreWrite[] => [
  ...new Map(writes.map((write) => [write.key, write])).values(),
]
