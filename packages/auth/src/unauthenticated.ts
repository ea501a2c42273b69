import { DbClusterError } from '@dbcluster/protocol'

/** Why a credential was refused, for programs; as much as its sender may know. */
export type RefusalReason =
  | 'missing'
  | 'malformed'
  | 'unknown_key'
  | 'expired'
  | 'revoked'
  | 'not_yet_valid'
  | 'signature'
  | 'claims'

const HINTS: Readonly<Partial<Record<RefusalReason, string>>> = {
  unknown_key: 'check that the key is complete and was made for this cluster',
  expired: 'get a new key or token from whoever issued it',
  revoked: 'get a new key from whoever administers the app',
  not_yet_valid: 'check the clock of the machine that issued the token',
  signature: 'check that the token comes from an issuer that this cluster is configured to trust',
  claims: 'the token needs the claims "app", "scope" (read, write or admin) and "exp"',
}

const HOW_TO_SEND =
  'send an API key or a JWT: over HTTP as "Authorization: Bearer …" (a key also as "X-API-Key: …"), with the client as ' +
  'its option "apiKey" or "token"'

/** The one error of authentication. Never holds any part of the credential. */
export const unauthenticated = (reason: RefusalReason, message: string): DbClusterError =>
  new DbClusterError('UNAUTHENTICATED', message, { hint: HINTS[reason] ?? HOW_TO_SEND, details: { reason } })
