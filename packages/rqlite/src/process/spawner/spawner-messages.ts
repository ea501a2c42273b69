import type { SpawnCommand } from '../process-host.js'

/** What a node tells its spawner; `id` names one process between the two. */
export type SpawnerRequest =
  | { readonly type: 'spawn'; readonly id: number; readonly command: SpawnCommand }
  | { readonly type: 'signal'; readonly id: number; readonly name: 'SIGTERM' | 'SIGKILL' }

/** What it hears back. */
export type SpawnerReply =
  | { readonly type: 'spawned'; readonly id: number; readonly pid: number; readonly startTime: string }
  | { readonly type: 'refused'; readonly id: number; readonly reason: string }
  | { readonly type: 'exited'; readonly id: number; readonly code?: number; readonly signal?: string }
