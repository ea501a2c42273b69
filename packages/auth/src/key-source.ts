import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { DbClusterError } from '@dbcluster/protocol'

export type JwtAlgorithm = 'EdDSA' | 'HS256' | 'RS256'

/** Where the keys of an issuer come from. */
export interface KeySource {
  /** Keys that may have signed a token with this `kid`, which may be absent. Each fits the issuer's algorithm. */
  candidates(kid: string | undefined): Promise<readonly KeyObject[]>
}

/** RFC 7518, section 3.2: a key at least as long as the hash. */
const SECRET_MIN_BYTES = 32
/** RFC 7518, section 3.3. */
const RSA_MIN_BITS = 2_048

const refuse = (algorithm: string, what: string, hint: string, cause?: unknown): DbClusterError =>
  new DbClusterError('CONFIG_INVALID', `the key of a trusted ${algorithm} issuer ${what}`, { hint, cause })

/** One key for every token. @throws DbClusterError `CONFIG_INVALID` when the key does not fit the algorithm */
export const singleKey = (algorithm: JwtAlgorithm, key: string | JsonWebKey): KeySource => {
  const read = algorithm === 'HS256' ? readSecret(key) : readPublicKey(algorithm, key)
  return { candidates: async () => [read] }
}

const readSecret = (key: string | JsonWebKey): KeyObject => {
  if (typeof key === 'string' && key.includes('-----BEGIN')) {
    throw refuse(
      'HS256',
      'is a PEM key',
      'anyone who has a public key could sign with it: give a secret, or EdDSA or RS256',
    )
  }
  if (typeof key !== 'string' && key.kty !== 'oct') {
    throw refuse('HS256', `is a JWK of type ${String(key.kty)}`, 'give a secret as text, or a JWK of type "oct"')
  }
  const secret = typeof key === 'string' ? Buffer.from(key, 'utf8') : Buffer.from(key.k ?? '', 'base64url')
  if (secret.length < SECRET_MIN_BYTES) {
    throw refuse('HS256', `has ${secret.length} bytes`, `make one of ${SECRET_MIN_BYTES} random bytes or more`)
  }
  return createSecretKey(secret)
}

/** Reads a public key and checks that it is one for the algorithm. @throws DbClusterError `CONFIG_INVALID` */
export const readPublicKey = (algorithm: 'EdDSA' | 'RS256', key: string | JsonWebKey): KeyObject => {
  if (typeof key === 'string' ? key.includes('PRIVATE KEY') : 'd' in key) {
    throw refuse(
      algorithm,
      'is a private key',
      'give its public half only: a cluster checks tokens and never signs any',
    )
  }
  const read = parsePublicKey(algorithm, key)
  const type = algorithm === 'EdDSA' ? 'ed25519' : 'rsa'
  if (read.asymmetricKeyType !== type) {
    throw refuse(algorithm, `is of type ${read.asymmetricKeyType}`, `give a key of type ${type}`)
  }
  const bits = read.asymmetricKeyDetails?.modulusLength ?? RSA_MIN_BITS
  if (bits < RSA_MIN_BITS) throw refuse(algorithm, `has ${bits} bits`, `use one of ${RSA_MIN_BITS} bits or more`)
  return read
}

const parsePublicKey = (algorithm: string, key: string | JsonWebKey): KeyObject => {
  try {
    return typeof key === 'string' ? createPublicKey(key) : createPublicKey({ key, format: 'jwk' })
  } catch (cause) {
    throw refuse(algorithm, 'cannot be read', 'give a public key as PEM ("-----BEGIN PUBLIC KEY-----") or JWK', cause)
  }
}
