export {
  type ApiKeyInit,
  type ApiKeyRecord,
  type CreatedApiKey,
  createApiKey,
  keyIdOf,
  parseApiKey,
} from './api-key.js'
export {
  type Authenticator,
  type AuthenticatorInit,
  CREDENTIAL_MAX_CHARS,
  createAuthenticator,
} from './authenticator.js'
export { authorize } from './authorize.js'
export type { JwtIssuer } from './jwt-issuer.js'
export { VERIFIED_TOKENS_MAX } from './jwt-verifier.js'
export { type FetchKeySet, KEY_SET_MAX_BYTES } from './key-set.js'
export type { JwtAlgorithm } from './key-source.js'
export { createOperatorToken, OPERATOR_PURPOSE } from './operator-token.js'
export { mayCreateByDefault } from './scope.js'
export type { RefusalReason } from './unauthenticated.js'
