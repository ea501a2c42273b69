import { createHmac, createSecretKey } from 'node:crypto'
import type { TrustedIssuer } from './jwt-issuer.js'

/** The purpose for which the secret of operator tokens is derived from the cluster key; 32 bytes. */
export const OPERATOR_PURPOSE = 'dbcluster/operator-token/1'

/** Who issues operator tokens, and for whom: no configured issuer's tokens can be taken for one. */
const ISSUER = 'dbcluster:operator'
const AUDIENCE = 'dbcluster:node'

/** Long enough for one command, and for clocks that are a little apart. */
const LIFETIME_MS = 60_000

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * A token for one minute that proves possession of the cluster key, by the secret derived from it for
 * {@link OPERATOR_PURPOSE}: it may manage the API keys of every app, and administer the databases of `app`. A secret:
 * send it to a node, don't log it.
 */
export const createOperatorToken = (secret: Uint8Array, app: string, nowMs: number = Date.now()): string => {
  const exp = Math.floor((nowMs + LIFETIME_MS) / 1_000)
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'operator', app, scope: 'admin', exp }
  const input = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** The issuer that stands for holders of the cluster key. */
export const operatorIssuer = (secret: Uint8Array): TrustedIssuer => {
  const key = createSecretKey(secret)
  return {
    algorithms: ['HS256'],
    keys: { candidates: async () => [key] },
    issuer: ISSUER,
    audience: AUDIENCE,
    operator: true,
  }
}
