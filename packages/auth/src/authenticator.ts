import { checkAppName, checkDatabaseName, DbClusterError, type KeyRecord, type Principal } from '@dbcluster/protocol'
import type { ApiKeyRecord } from './api-key.js'
import { type JwtIssuer, readIssuer } from './jwt-issuer.js'
import { JwtVerifier } from './jwt-verifier.js'
import { principalOfKey } from './key-principal.js'
import { operatorIssuer } from './operator-token.js'
import { isScope } from './scope.js'
import { unauthenticated } from './unauthenticated.js'

/** Longest credential that is looked at. */
export const CREDENTIAL_MAX_CHARS = 8_192

export interface AuthenticatorInit {
  /** Keys that are accepted. @default none */
  readonly apiKeys?: readonly ApiKeyRecord[]
  /** What the network knows of a key, asked for each request: a key that was revoked a moment ago is refused. @default nothing */
  readonly findKey?: (id: string) => KeyRecord | undefined
  /** Secrets of operator tokens, derived from the cluster keys that count. @default none */
  readonly operatorSecrets?: readonly Uint8Array[]
  /** Issuers whose tokens are accepted. @default none */
  readonly jwt?: readonly JwtIssuer[]
  /** How far clocks may be apart when a token's times are checked, in milliseconds. @default 5000 */
  readonly clockToleranceMs?: number
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number
}

/** Tells who asks. */
export interface Authenticator {
  /**
   * Whom an API key or a JWT stands for.
   * @throws DbClusterError `UNAUTHENTICATED`; `details.reason` says why, as far as the asker may know
   */
  authenticate(credential: string | undefined): Promise<Principal>
  /** The app of a key that the configuration has. */
  configuredApp(id: string): string | undefined
}

/**
 * Makes an authenticator of keys and issuers.
 * @throws DbClusterError `CONFIG_INVALID` for a key, a record or an issuer that cannot work
 */
export const createAuthenticator = (init: AuthenticatorInit): Authenticator => {
  const keys = readKeys(init.apiKeys ?? [])
  const nowMs = init.nowMs ?? Date.now
  const lookup = { configured: keys, findKey: init.findKey ?? (() => undefined), nowMs }
  const verifier = new JwtVerifier({
    issuers: [
      ...(init.operatorSecrets ?? []).map(operatorIssuer),
      ...(init.jwt ?? []).map((one) => readIssuer(one, nowMs)),
    ],
    clockToleranceMs: init.clockToleranceMs ?? 5_000,
    nowMs,
  })
  return {
    configuredApp: (id) => keys.get(id)?.app,
    authenticate: async (credential) => {
      if (credential === undefined || credential === '')
        throw unauthenticated('missing', 'the request has no credential')
      if (credential.length > CREDENTIAL_MAX_CHARS) {
        throw unauthenticated('malformed', `the credential is longer than ${CREDENTIAL_MAX_CHARS} characters`)
      }
      // Told apart by the form alone; either way is refused for what it is not.
      return credential.startsWith('dbc_') ? principalOfKey(lookup, credential) : verifier.verify(credential)
    },
  }
}

const readKeys = (records: readonly ApiKeyRecord[]): ReadonlyMap<string, ApiKeyRecord> => {
  const keys = new Map<string, ApiKeyRecord>()
  for (const record of records) {
    checkKeyRecord(record)
    if (keys.has(record.id)) throw refuseKey(record.id, 'is there twice')
    keys.set(record.id, record)
  }
  return keys
}

const checkKeyRecord = ({ id, app, scope, hash, databases }: ApiKeyRecord): void => {
  if (!/^[A-Za-z0-9]{1,64}$/.test(id)) throw refuseKey(id, 'has an id of other than 1 to 64 letters and digits')
  if (!/^sha256:[0-9a-f]{64}$/.test(hash))
    throw refuseKey(id, 'has a hash of other form than sha256:<64 hex characters>')
  if (!isScope(scope)) throw refuseKey(id, `has the scope ${JSON.stringify(scope)}`)
  try {
    checkAppName(app)
    databases?.forEach(checkDatabaseName)
  } catch (cause) {
    throw refuseKey(id, 'is for an app or a database of no valid name', cause)
  }
}

const refuseKey = (id: string, what: string, cause?: unknown): DbClusterError =>
  new DbClusterError('CONFIG_INVALID', `the API key ${JSON.stringify(id.slice(0, 64))} ${what}`, {
    hint: 'take the record as it was printed when the key was made',
    cause,
  })
