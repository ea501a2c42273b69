import type { JsonWebKey } from 'node:crypto'
import { DbClusterError } from '@dbcluster/protocol'
import { createKeySet, type FetchKeySet } from './key-set.js'
import { type JwtAlgorithm, type KeySource, singleKey } from './key-source.js'

/** Whose tokens are trusted. Exactly one of `key` and `keySet` is given. */
export interface JwtIssuer {
  /** The only algorithm its keys are ever used with; what a token's header says never chooses another use of them. */
  readonly algorithm: JwtAlgorithm
  /** `EdDSA` (Ed25519), `RS256` (2048 bits or more): the public key, PEM or JWK. `HS256`: a secret of 32 bytes or more, text or JWK. */
  readonly key?: string | JsonWebKey
  /** Reads the issuer's JSON Web Key Set (RFC 7517) from its file or URL, as often as `createKeySet` wants. Public keys only. */
  readonly keySet?: FetchKeySet
  /** The required `iss`. @default any */
  readonly issuer?: string
  /** The required `aud`. @default any */
  readonly audience?: string
}

/** An issuer whose keys are there or can be fetched. */
export interface TrustedIssuer {
  /** Names under which its algorithm may stand in a header. */
  readonly algorithms: readonly string[]
  readonly keys: KeySource
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** Its tokens prove possession of the cluster key. */
  readonly operator?: true
}

/** Header names of each algorithm; RFC 9864 renames `EdDSA` with this curve to `Ed25519`. */
const HEADER_NAMES: Readonly<Record<JwtAlgorithm, readonly string[]>> = {
  EdDSA: ['EdDSA', 'Ed25519'],
  HS256: ['HS256'],
  RS256: ['RS256'],
}

/** Reads an issuer. @throws DbClusterError `CONFIG_INVALID` when its key does not fit the algorithm */
export const readIssuer = (init: JwtIssuer, nowMs: () => number): TrustedIssuer => {
  const { algorithm, issuer, audience } = init
  if (!Object.hasOwn(HEADER_NAMES, algorithm)) {
    throw refuse(`has the algorithm ${String(algorithm)}`, 'use EdDSA, RS256 or HS256')
  }
  return { algorithms: HEADER_NAMES[algorithm], keys: keysOf(init, nowMs), issuer, audience }
}

const keysOf = ({ algorithm, key, keySet }: JwtIssuer, nowMs: () => number): KeySource => {
  if (keySet !== undefined && key === undefined) {
    if (algorithm !== 'HS256') return createKeySet({ algorithm, fetchKeySet: keySet, nowMs })
    throw refuse('has a key set for HS256', 'a published secret is none: give key or key_file, or use EdDSA or RS256')
  }
  if (key !== undefined && keySet === undefined) return singleKey(algorithm, key)
  throw refuse('needs one of a key and a key set', 'give exactly one of the two')
}

const refuse = (what: string, hint: string): DbClusterError =>
  new DbClusterError('CONFIG_INVALID', `a trusted issuer ${what}`, { hint })
