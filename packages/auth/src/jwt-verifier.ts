import { createHash, type KeyObject } from 'node:crypto'
import type { DbClusterError, Principal } from '@dbcluster/protocol'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { principalOf } from './jwt-claims.js'
import type { TrustedIssuer } from './jwt-issuer.js'
import { LruMap } from './lru-map.js'
import { type RefusalReason, unauthenticated } from './unauthenticated.js'

/** Verified tokens that are remembered; beyond that the one unused for the longest is verified again next time. */
export const VERIFIED_TOKENS_MAX = 10_000

export interface JwtVerifierConfig {
  readonly issuers: readonly TrustedIssuer[]
  readonly clockToleranceMs: number
  readonly nowMs: () => number
}

interface Verified {
  readonly principal: Principal
  readonly untilMs: number
}

/** Verifies tokens, each once: until it expires, the same text is known by its hash. */
export class JwtVerifier {
  readonly #config: JwtVerifierConfig
  readonly #verified = new LruMap<Verified>(VERIFIED_TOKENS_MAX)

  constructor(config: JwtVerifierConfig) {
    this.#config = config
  }

  /** @throws DbClusterError `UNAUTHENTICATED` */
  async verify(token: string): Promise<Principal> {
    // The hash and not the token, so that no usable credential stays in memory.
    const name = createHash('sha256').update(token).digest('base64')
    const known = this.#verified.get(name)
    if (known !== undefined && this.#config.nowMs() < known.untilMs) return known.principal
    this.#verified.delete(name)
    const { claims, operator } = await this.#claims(token)
    const principal = Object.freeze({ ...principalOf(claims), ...(operator === undefined ? {} : { operator }) })
    this.#verified.set(name, { principal, untilMs: (claims.exp ?? 0) * 1_000 + this.#config.clockToleranceMs })
    return principal
  }

  /** The claims, by the first issuer whose key fits; else the refusal that tells the most. */
  async #claims(token: string): Promise<{ readonly claims: JWTPayload; readonly operator: true | undefined }> {
    const { alg, kid } = headerOf(token)
    const issuers = this.#config.issuers.filter(({ algorithms }) => algorithms.includes(alg))
    let refusal = unauthenticated('signature', 'no issuer that is trusted here signed the token')
    for (const issuer of issuers) {
      for (const key of await issuer.keys.candidates(kid)) {
        const outcome = await this.#verifyBy(issuer, key, token)
        if ('claims' in outcome) return { claims: outcome.claims, operator: issuer.operator }
        if (outcome.refusal.details?.reason !== ('signature' satisfies RefusalReason)) refusal = outcome.refusal
      }
    }
    throw refusal
  }

  async #verifyBy(
    { algorithms, issuer, audience }: TrustedIssuer,
    key: KeyObject,
    token: string,
  ): Promise<{ readonly claims: JWTPayload } | { readonly refusal: DbClusterError }> {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...algorithms],
        requiredClaims: ['exp'],
        clockTolerance: this.#config.clockToleranceMs / 1_000,
        currentDate: new Date(this.#config.nowMs()),
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      })
      return { claims: payload }
    } catch (error) {
      return { refusal: refusalOf(error) }
    }
  }
}

const headerOf = (token: string): { readonly alg: string; readonly kid: string | undefined } => {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    return { alg: typeof alg === 'string' ? alg : '', kid: typeof kid === 'string' ? kid : undefined }
  } catch {
    throw unauthenticated('malformed', 'the credential is neither an API key nor a JWT')
  }
}

/** What went wrong, without what was compared with. @throws whatever is no fault of the token */
const refusalOf = (error: unknown): DbClusterError => {
  if (error instanceof errors.JWTExpired) return unauthenticated('expired', 'the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' && error.reason === 'check_failed') {
      return unauthenticated('not_yet_valid', 'the token is not valid yet')
    }
    return unauthenticated('claims', `the token's claim "${error.claim}" is missing or not the one required here`)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return unauthenticated('signature', 'no issuer that is trusted here signed the token')
  }
  if (error instanceof errors.JOSEError)
    return unauthenticated('malformed', 'the token is not a well-formed signed JWT')
  throw error
}
