import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { checkAppName, checkDatabaseName, type Scope } from '@dbcluster/protocol'

/** An API key as a configuration has it: everything but the secret. */
export interface ApiKeyRecord {
  /** The part of the key that names it: letters and digits, at most 64. */
  readonly id: string
  /** The app that the key speaks for. */
  readonly app: string
  readonly scope: Scope
  /** `sha256:` and 64 hex characters, of the secret. */
  readonly hash: string
  /** The only databases, by the app's own names, that the key may touch. @default all of the app's */
  readonly databases?: readonly string[]
  /** From then on it is refused, in milliseconds since 1970. @default never */
  readonly expiresAtMs?: number
  /** Whether a missing database is created for it. @default true, for the scope `read` false */
  readonly mayCreate?: boolean
}

/** What a new key is to stand for. */
export type ApiKeyInit = Omit<ApiKeyRecord, 'id' | 'hash'>

/** A new key: shown once, kept as its record. */
export interface CreatedApiKey {
  /** `dbc_<id>_<secret>`, 59 characters. A secret: hand it over, don't log it. */
  readonly key: string
  /** Its id follows from the hash. */
  readonly record: ApiKeyRecord
}

/** The two halves of a key as it was presented. */
export interface PresentedApiKey {
  readonly id: string
  readonly secret: string
}

const ID_BYTES = 8
const SECRET_BYTES = 32
const KEY = /^dbc_([A-Za-z0-9]{1,64})_([A-Za-z0-9_-]{1,128})$/
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters and digits only, so that a key is one word to a double click, a shell and a URL. */
const toBase62 = (bytes: Uint8Array): string => {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (let left = Math.ceil((bytes.length * 8) / Math.log2(62)); left > 0; left -= 1) {
    text = `${DIGITS[Number(rest % 62n)]}${text}`
    rest /= 62n
  }
  return text
}

/**
 * The stored form of a secret. A plain hash is enough for 256 random bits, which nobody guesses however fast the
 * hash; a slow one (scrypt, Argon2) protects what people choose, and would cost each request milliseconds.
 */
export const hashSecret = (secret: string): string => `sha256:${createHash('sha256').update(secret).digest('hex')}`

/**
 * The id of the key whose secret has this hash. That it follows means that nobody makes a second key of an id that is
 * taken, on whatever node: 64 bits of a hash would have to be met.
 */
export const keyIdOf = (hash: string): string =>
  toBase62(createHash('sha256').update(`id:${hash}`).digest().subarray(0, ID_BYTES))

/**
 * Makes an API key out of 256 bits from the system's random generator.
 * @throws DbClusterError `INVALID_NAME` for a name that no app or database can have
 */
export const createApiKey = (init: ApiKeyInit): CreatedApiKey => {
  checkAppName(init.app)
  init.databases?.forEach(checkDatabaseName)
  const secret = toBase62(randomBytes(SECRET_BYTES))
  const hash = hashSecret(secret)
  const id = keyIdOf(hash)
  const { app, scope, ...rest } = init
  return { key: `dbc_${id}_${secret}`, record: { id, app, scope, hash, ...rest } }
}

/** The halves of a text that has the form of an API key. */
export const parseApiKey = (text: string): PresentedApiKey | undefined => {
  const [, id, secret] = KEY.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** Compares with the stored hash in a time that says nothing about where they differ. */
export const secretMatches = (secret: string, hash: string): boolean =>
  timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(hash))
