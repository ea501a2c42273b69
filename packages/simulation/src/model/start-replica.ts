import type { CoordinatorEffect } from '@dbcluster/coordinator'
import type { Voter } from './raft/entry.js'

/** How a replica's rqlited is to come up; see `ReplicaStart` of @dbcluster/rqlite. */
export type ReplicaStart =
  | { readonly kind: 'bootstrap' }
  | { readonly kind: 'join'; readonly addresses: readonly string[] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'warm' }
  | { readonly kind: 'rejoin'; readonly addresses: readonly string[] }
  | { readonly kind: 'recover'; readonly peers: readonly Voter[] }

type StartEffect = Extract<CoordinatorEffect, { type: 'startReplica' }>

export interface StartReplica extends Omit<StartEffect, 'start'> {
  readonly start: ReplicaStart
}

/** What one replica's process may come to say. */
export interface ReplicaListener {
  ready(): void
  gathered(voters: number): void
  failed(error: string): void
  warmed(): void
  lost(reason: string): void
}
