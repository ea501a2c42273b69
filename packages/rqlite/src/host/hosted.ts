import type { ReplicaProcess } from '../process/replica-process.js'
import type { HostedReplicaListener } from './replica-host.js'

/** A replica that a host runs. */
export interface Hosted {
  readonly process: ReplicaProcess
  readonly raftId: string
  readonly clusterId: string
  readonly listener: HostedReplicaListener
  readonly end: AbortController
  /** Which of all that this host has run. */
  readonly ordinal: number
}
