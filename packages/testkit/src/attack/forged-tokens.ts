import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A trusted issuer with RS256, and a way to sign as it. */
export interface TestIssuer {
  /** PEM, for the configuration of nodes. */
  readonly publicKey: string
  token(claims?: Readonly<Record<string, unknown>>): string
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds
const AUDIENCE = 'dbcluster'
const right = (): Record<string, unknown> => ({
  app: 'demo',
  scope: 'admin',
  sub: 'x',
  aud: AUDIENCE,
  exp: inSeconds(3_600),
})

const signed = (key: KeyObject, header: object, claims: object): string => {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** Makes an issuer. Its tokens are for the audience `dbcluster`, the app `demo`, with the scope admin, unless `claims` say otherwise. */
export const createTestIssuer = (): TestIssuer => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    token: (claims = {}) => signed(privateKey, { alg: 'RS256' }, { ...right(), ...claims }),
  }
}

/** Tokens that nobody may be let in with, by what is wrong with them. */
export const forgedTokens = (issuer: TestIssuer): Readonly<Record<string, string>> => {
  const claims = right()
  const [header, , signature] = issuer.token().split('.')
  const hmac = (secret: string): string => {
    const input = `${part({ alg: 'HS256' })}.${part(claims)}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  return {
    expired: issuer.token({ exp: inSeconds(-60) }),
    'without exp': issuer.token({ exp: undefined }),
    'other audience': issuer.token({ aud: 'somebody' }),
    'alg none': `${part({ alg: 'none' })}.${part(claims)}.`,
    'HS256 with public key': hmac(issuer.publicKey),
    'HS256 operator guess': hmac('dbcluster:operator'),
    foreign: createTestIssuer().token(),
    'changed claims': `${header}.${part({ ...claims, app: 'bank' })}.${signature}`,
    'own key in header': signed(
      generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
      { alg: 'RS256', jwk: { kty: 'RSA' }, jku: 'http://127.0.0.1/keys' },
      claims,
    ),
  }
}
