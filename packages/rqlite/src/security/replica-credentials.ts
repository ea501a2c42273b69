import { createHash } from 'node:crypto'
import { DbClusterError } from '@dbcluster/protocol'
import type { ReplicaSecrets } from './replica-secrets.js'

/** Who asks one rqlited. */
export interface ReplicaCredential {
  /** Names the key that it was made from, and tells nothing about it. */
  readonly username: string
  readonly password: string
}

/**
 * The credentials of one database's rqlited processes, alike on all nodes: the one to ask with first, then those that
 * are accepted too.
 */
export const replicaCredentials = (
  secrets: ReplicaSecrets,
  clusterId: string,
): readonly [ReplicaCredential, ...ReplicaCredential[]] => {
  const [current, ...accepted] = secrets.derive(`dbcluster/rqlite-http/1/${clusterId}`).map(credentialFrom)
  if (current === undefined) throw new DbClusterError('INTERNAL', 'replicas cannot be secured without a cluster key')
  return [current, ...accepted]
}

/**
 * Tells with which keys an rqlited was started, so that one of other keys, or of none, is not taken for ours.
 * @returns text that may be written down: hashes
 */
export const securityMark = (secrets: ReplicaSecrets | undefined, clusterId: string): string =>
  secrets === undefined
    ? NO_SECURITY
    : replicaCredentials(secrets, clusterId)
        .map(({ username }) => username)
        .join(' ')

/** The mark of an rqlited without TLS and credentials. */
export const NO_SECURITY = 'none'

/** The value of an `Authorization` header (RFC 7617). */
export const basicAuthorization = ({ username, password }: ReplicaCredential): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

const credentialFrom = (secret: Uint8Array): ReplicaCredential => ({
  username: `key-${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`,
  password: Buffer.from(secret).toString('base64url'),
})
