import type { ReplicaSpec } from '../arguments/replica-spec.js'
import { raftServerName } from './raft-authority.js'
import { securityFiles } from './security-files.js'

/**
 * The part of the command line that protects a replica; empty for a spec without security. Secrets themselves are in
 * files: anybody on a machine can read the arguments of its processes.
 */
export const securityArguments = (spec: ReplicaSpec): readonly string[] => {
  const { security, clusterId, directory } = spec
  if (security === undefined) return []
  const files = securityFiles(directory)
  const [{ username }] = security.credentials(clusterId)
  return [
    ...['-auth', files.auth],
    ...['-node-cert', files.certificate],
    ...['-node-key', files.privateKey],
    ...['-node-ca-cert', files.authorities],
    ...['-node-verify-server-name', raftServerName(spec)],
    '-node-verify-client',
    // Read only by a start that joins, of whichever kind.
    ...['-join-as', username],
  ]
}
