export { type ApiKeyInit, type ApiKeyRecord, type CreatedApiKey, createApiKey } from './api-key.js'
export {
  type Authenticator,
  type AuthenticatorInit,
  CREDENTIAL_MAX_CHARS,
  createAuthenticator,
} from './authenticator.js'
export { authorize } from './authorize.js'
export type { JwtAlgorithm, JwtIssuer } from './jwt-issuer.js'
export { VERIFIED_TOKENS_MAX } from './jwt-verifier.js'
export type { Scope } from './scope.js'
export type { RefusalReason } from './unauthenticated.js'
