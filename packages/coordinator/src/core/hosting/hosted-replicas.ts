import type { LocalReplica } from '../events.js'
import { FIRST_RUN, type Hosted } from './hosted.js'

/** The replicas of this node, by the name of their database. Knows no rule. */
export class HostedReplicas extends Map<string, Hosted> {
  /** With what was remembered over a restart. */
  static of(memory: readonly LocalReplica[]): HostedReplicas {
    const replicas = new HostedReplicas()
    for (const replica of memory) {
      const known: Hosted = { ...FIRST_RUN, ...replica, phase: 'running', abandonAtMs: 0, remembered: true }
      replicas.set(replica.name, known)
    }
    return replicas
  }

  /** What is here of this name and is not on its way out. */
  replica(name: string): LocalReplica | undefined {
    const hosted = this.get(name)
    return hosted?.phase === 'running' ? hosted : undefined
  }

  /** Whether a replica is here that is a member, as far as this node knows, or was told to become one. */
  holdsMember(name: string): boolean {
    const here = this.replica(name)
    return here !== undefined && here.lost === undefined && here.role !== 'warm'
  }

  /** Replicas whose rqlited is meant to run as a member, or to become one. */
  running(): readonly LocalReplica[] {
    return [...this.values()].filter(({ name, spawned, asleep }) => spawned && !asleep && this.holdsMember(name))
  }

  /** Replicas that sleep. */
  asleep(): readonly LocalReplica[] {
    return [...this.values()].filter(({ name, asleep }) => asleep && this.replica(name) !== undefined)
  }
}
