import type { ReplicaSpec } from '../arguments/replica-spec.js'
import { RAFT_SERVER_NAME } from './raft-certificates.js'
import { replicaCredentials } from './replica-credentials.js'
import { securityFiles } from './security-files.js'

/**
 * The part of the command line that protects a replica; empty for a spec without secrets. Secrets themselves are in
 * files: anybody on a machine can read the arguments of its processes.
 */
export const securityArguments = ({ secrets, clusterId, directory, start }: ReplicaSpec): readonly string[] => {
  if (secrets === undefined) return []
  const files = securityFiles(directory)
  const [{ username }] = replicaCredentials(secrets, clusterId)
  return [
    ...['-auth', files.auth],
    ...['-node-cert', files.certificate],
    ...['-node-key', files.privateKey],
    ...['-node-ca-cert', files.authorities],
    ...['-node-verify-server-name', RAFT_SERVER_NAME],
    '-node-verify-client',
    ...(start.kind === 'join' ? ['-join-as', username] : []),
  ]
}
