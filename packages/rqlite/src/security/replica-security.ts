import { DbClusterError } from '@dbcluster/protocol'
import { createRaftAuthority, type RaftCertificates, type RaftHistory, raftServerName } from './raft-authority.js'
import { credentialFrom, type ReplicaCredential } from './replica-credential.js'

/**
 * Makes secrets from the keys that all nodes of a network share, so that replicas on different nodes come to the same
 * ones without asking each other.
 */
export interface ReplicaSecrets {
  /**
   * The secrets for one purpose: the one in use first, then those that are accepted beside it while a key is exchanged.
   * @param purpose `dbcluster/<what>/<version>`, and whose it is
   * @returns 32 bytes each; at least one
   */
  derive(purpose: string): readonly Uint8Array[]
}

/** What protects the replicas of a node. */
export interface ReplicaSecurity {
  /**
   * The credentials of one database's rqlited processes, alike on all nodes: the one to ask with first, then those that
   * are accepted too.
   */
  credentials(clusterId: string): readonly [ReplicaCredential, ...ReplicaCredential[]]
  /** A new certificate for a replica of this history of a database, from now on (Unix time in milliseconds). */
  certificates(history: RaftHistory, nowMs: number, lifetimeMs: number): RaftCertificates
}

/** Makes it, once for all replicas of a node. */
export const createReplicaSecurity = (secrets: ReplicaSecrets): ReplicaSecurity => {
  const derive = (purpose: string): readonly [Uint8Array, ...Uint8Array[]] => {
    const [current, ...accepted] = secrets.derive(purpose)
    if (current === undefined) throw new DbClusterError('INTERNAL', 'replicas cannot be secured without a cluster key')
    return [current, ...accepted]
  }
  const authority = createRaftAuthority(derive('dbcluster/rqlite-raft-ca/1'), Date.now())
  return {
    credentials: (clusterId) => {
      const [current, ...accepted] = derive(`dbcluster/rqlite-http/1/${clusterId}`)
      return [credentialFrom(current), ...accepted.map(credentialFrom)]
    },
    certificates: (history, nowMs, lifetimeMs) => authority.issue(raftServerName(history), nowMs, lifetimeMs),
  }
}

/** The mark of an rqlited without protection. */
export const NO_SECURITY = 'none'

/**
 * Tells with which keys an rqlited was started, so that one of other keys, or of none, is not taken for ours.
 * @returns text that may be written down: hashes
 */
export const securityMark = (security: ReplicaSecurity | undefined, clusterId: string): string =>
  security === undefined
    ? NO_SECURITY
    : security
        .credentials(clusterId)
        .map(({ username }) => username)
        .join(' ')
