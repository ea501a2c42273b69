import type { KeyRecord, Principal } from '@dbcluster/protocol'
import { type ApiKeyRecord, parseApiKey, secretMatches } from './api-key.js'
import { mayCreateByDefault } from './scope.js'
import { unauthenticated } from './unauthenticated.js'

/** Where keys are looked up. */
export interface KeyLookup {
  readonly configured: ReadonlyMap<string, ApiKeyRecord>
  readonly findKey: (id: string) => KeyRecord | undefined
  readonly nowMs: () => number
}

type Grant = Omit<ApiKeyRecord, 'id'>

/** What an unknown id is compared with, so that it takes as long as a wrong secret. */
const NO_HASH = `sha256:${'0'.repeat(64)}`

/**
 * Whom an API key stands for. A key of the configuration ends with a revocation in the metadata as any other does.
 * @throws DbClusterError `UNAUTHENTICATED`; whoever lacks the secret learns no more than that
 */
export const principalOfKey = ({ configured, findKey, nowMs }: KeyLookup, credential: string): Principal => {
  const presented = parseApiKey(credential)
  if (presented === undefined) throw unauthenticated('malformed', 'the API key is not of the form dbc_<id>_<secret>')
  const { id, secret } = presented
  const record = findKey(id)
  const grant: Grant | undefined = record?.grant ?? configured.get(id)
  const matches = secretMatches(secret, grant?.hash ?? NO_HASH)
  if (grant === undefined || !matches) throw unauthenticated('unknown_key', 'the API key is not known here')
  if (record?.revoked === true) throw unauthenticated('revoked', 'the API key was revoked')
  if (grant.expiresAtMs !== undefined && nowMs() >= grant.expiresAtMs) {
    throw unauthenticated('expired', 'the API key has expired')
  }
  const { app, scope, databases, mayCreate = mayCreateByDefault(scope) } = grant
  return {
    app,
    scope,
    mayCreate,
    subject: `key:${id}`,
    ...(databases === undefined ? {} : { databases: [...databases] }),
  }
}
