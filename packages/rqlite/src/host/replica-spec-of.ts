import type { ReplicaSpec, ReplicaStart } from '../arguments/replica-spec.js'
import type { HostedReplicaRequest } from './replica-host.js'

/** What a request comes to for the process. */
export const replicaSpecOf = (
  { name, assignment, decree, recovery = 0 }: HostedReplicaRequest,
  rest: Pick<ReplicaSpec, 'directory' | 'timing' | 'security'> & { readonly start: ReplicaStart },
): ReplicaSpec => ({
  database: name,
  clusterId: decree.clusterId,
  recovery,
  raftId: assignment.raftId,
  httpPort: assignment.httpPort,
  raftHost: assignment.host,
  raftPort: assignment.raftPort,
  foreignKeys: decree.foreignKeys,
  ...rest,
})
