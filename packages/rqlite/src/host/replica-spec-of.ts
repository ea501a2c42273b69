import type { ReplicaSpec } from '../arguments/replica-spec.js'
import type { HostedReplicaRequest } from './replica-host.js'

/** How a replica really is to start, after a look at its directory. */
export type Launch = Required<Pick<ReplicaSpec, 'start' | 'recovery'>>

/** What a request comes to for the process. */
export const replicaSpecOf = (
  { name, assignment, decree }: HostedReplicaRequest,
  rest: Launch & Pick<ReplicaSpec, 'directory' | 'timing' | 'security'>,
): ReplicaSpec => ({
  database: name,
  clusterId: decree.clusterId,
  raftId: assignment.raftId,
  httpPort: assignment.httpPort,
  raftHost: assignment.host,
  raftPort: assignment.raftPort,
  foreignKeys: decree.foreignKeys,
  ...rest,
})
