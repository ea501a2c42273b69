import type { CoordinatorEffect } from '@dbcluster/coordinator'

export type StartReplica = Extract<CoordinatorEffect, { type: 'startReplica' }>

/** What one replica's process may come to say. */
export interface ReplicaListener {
  ready(recovery: number): void
  gathered(voters: number): void
  failed(error: string): void
  /** A newcomer is up, and a member of nothing. */
  warmed(): void
  /** Its directory is not the one it left: nothing was started. */
  lost(reason: string): void
}
