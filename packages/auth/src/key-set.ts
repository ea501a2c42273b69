import type { JsonWebKey, KeyObject } from 'node:crypto'
import { DbClusterError, isDbClusterError } from '@dbcluster/protocol'
import { type KeySource, readPublicKey } from './key-source.js'

/** Brings the text of a key set. @throws when it can't, or when it is larger than {@link KEY_SET_MAX_BYTES} */
export type FetchKeySet = () => Promise<string>

/** Largest key set that is read. */
export const KEY_SET_MAX_BYTES = 256 * 1024
/** Keys of one set that are used. */
const KEYS_MAX = 32
/** A set is read again after so long, in the background: how long a withdrawn key may go on. */
const FRESH_MS = 300_000
/** Between two reads, also when a token names a key that is not there: made-up names don't reach the issuer's server. */
const COOLDOWN_MS = 15_000
/** A set that could not be read again for so long is no longer believed. */
const BELIEVED_MS = 86_400_000

export interface KeySetInit {
  readonly algorithm: 'EdDSA' | 'RS256'
  readonly fetchKeySet: FetchKeySet
  readonly nowMs: () => number
}

interface NamedKey {
  readonly kid: string | undefined
  readonly key: KeyObject
}

/**
 * The keys that an issuer publishes, remembered. They are read again when they are old, and at once when a token names
 * one that isn't there: that is how keys rotate. While the issuer can't be reached the old ones count on, for a day.
 */
export const createKeySet = ({ algorithm, fetchKeySet, nowMs }: KeySetInit): KeySource => {
  let keys: readonly NamedKey[] = []
  let readAtMs = Number.NEGATIVE_INFINITY
  let triedAtMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  const read = (): Promise<void> => {
    reading ??= (async () => {
      triedAtMs = nowMs()
      try {
        keys = parseKeySet(await fetchKeySet(), algorithm)
        readAtMs = nowMs()
      } catch {
        // Told by the fetching side, which knows whence; the keys that are there go on until they are too old.
      } finally {
        reading = undefined
      }
    })()
    return reading
  }
  const matching = (kid: string | undefined): readonly NamedKey[] =>
    nowMs() - readAtMs > BELIEVED_MS ? [] : kid === undefined ? keys : keys.filter((key) => key.kid === kid)

  return {
    candidates: async (kid) => {
      const mayRead = reading !== undefined || nowMs() - triedAtMs >= COOLDOWN_MS
      if (matching(kid).length === 0 && mayRead) await read()
      else if (nowMs() - readAtMs >= FRESH_MS && mayRead) void read()
      return matching(kid).map(({ key }) => key)
    },
  }
}

/**
 * The keys of a set that fit the algorithm. Others, which serve other uses, are passed over; a private or a weak one too.
 * @throws DbClusterError `CONFIG_INVALID` when the text is no key set
 */
const parseKeySet = (text: string, algorithm: 'EdDSA' | 'RS256'): readonly NamedKey[] => {
  if (Buffer.byteLength(text) > KEY_SET_MAX_BYTES) throw noKeySet(`has more than ${KEY_SET_MAX_BYTES} bytes`)
  const { keys } = (parse(text) ?? {}) as { readonly keys?: unknown }
  if (!Array.isArray(keys)) throw noKeySet('has no list "keys"')
  return keys.flatMap((jwk: unknown) => usable(jwk, algorithm)).slice(0, KEYS_MAX)
}

const usable = (jwk: unknown, algorithm: 'EdDSA' | 'RS256'): readonly NamedKey[] => {
  if (typeof jwk !== 'object' || jwk === null) return []
  const { kid, use } = jwk as { readonly kid?: unknown; readonly use?: unknown }
  if (use !== undefined && use !== 'sig') return []
  try {
    return [{ kid: typeof kid === 'string' ? kid : undefined, key: readPublicKey(algorithm, jwk as JsonWebKey) }]
  } catch (error) {
    if (isDbClusterError(error)) return []
    throw error
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const noKeySet = (what: string): DbClusterError =>
  new DbClusterError('CONFIG_INVALID', `the key set of a trusted issuer ${what}`, {
    hint: 'it is JSON as RFC 7517 has it: {"keys":[…]}',
  })
