import { createHash } from 'node:crypto'

/** Who asks one rqlited. */
export interface ReplicaCredential {
  /** Names the key that it was made from, and tells nothing about it. */
  readonly username: string
  readonly password: string
}

/** The credential that follows from a secret. */
export const credentialFrom = (secret: Uint8Array): ReplicaCredential => ({
  username: `key-${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`,
  password: Buffer.from(secret).toString('base64url'),
})

/** The value of an `Authorization` header (RFC 7617). */
export const basicAuthorization = ({ username, password }: ReplicaCredential): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
