import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { type JWTPayload, SignJWT } from 'jose'
import { createAuthenticator, type JwtIssuer } from '../src/index.js'

const NOW_MS = Date.UTC(2027, 0, 1)
const NOW = NOW_MS / 1_000
const pem = (key: { export(options: { type: 'spki'; format: 'pem' }): string | Buffer }): string =>
  key.export({ type: 'spki', format: 'pem' }).toString()

const ed = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const SECRET = 'a secret of at least thirty-two bytes'

const edIssuer: JwtIssuer = { algorithm: 'EdDSA', key: pem(ed.publicKey) }
const rsaIssuer: JwtIssuer = { algorithm: 'RS256', key: pem(rsa.publicKey) }
const hsIssuer: JwtIssuer = { algorithm: 'HS256', key: SECRET }

const CLAIMS = { app: 'shop', scope: 'write', sub: 'alice', exp: NOW + 60 }
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const signed = (alg: string, key: Parameters<SignJWT['sign']>[0], claims: JWTPayload = CLAIMS): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(key)
const edToken = (claims?: JWTPayload): Promise<string> => signed('EdDSA', ed.privateKey, claims)
const hsToken = (claims?: JWTPayload): Promise<string> => signed('HS256', Buffer.from(SECRET), claims)
const hmac = (header: object, key: string): string => {
  const input = `${base64url(header)}.${base64url(CLAIMS)}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

const authenticate = (token: string, ...jwt: readonly JwtIssuer[]) =>
  createAuthenticator({ jwt, nowMs: () => NOW_MS }).authenticate(token)
const refused = (reason: string) => ({ code: 'UNAUTHENTICATED', details: { reason }, hint: expect.any(String) })

describe('a token', () => {
  test.each([
    ['EdDSA', edIssuer, () => edToken()],
    ['EdDSA under its newer name', edIssuer, () => signed('Ed25519', ed.privateKey)],
    ['EdDSA, key as JWK', { ...edIssuer, key: ed.publicKey.export({ format: 'jwk' }) }, () => edToken()],
    ['RS256', rsaIssuer, () => signed('RS256', rsa.privateKey)],
    ['HS256', hsIssuer, () => hsToken()],
    [
      'HS256, key as JWK',
      { ...hsIssuer, key: { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') } },
      () => hsToken(),
    ],
  ])('signed with %s stands for its claims', async (_, issuer, token) => {
    expect(await authenticate(await token(), issuer)).toEqual({
      app: 'shop',
      scope: 'write',
      subject: 'alice',
      mayCreate: true,
    })
  })

  test('is tried against each issuer of its algorithm', async () => {
    const stranger = { ...edIssuer, key: pem(generateKeyPairSync('ed25519').publicKey) }
    expect(await authenticate(await edToken(), hsIssuer, stranger, edIssuer)).toMatchObject({ app: 'shop' })
  })

  test('may name several scopes, of which the highest counts, and databases', async () => {
    const token = await edToken({ app: 'shop', scope: 'openid admin read', databases: ['users'], exp: NOW + 60 })
    expect(await authenticate(token, edIssuer)).toEqual({
      app: 'shop',
      scope: 'admin',
      subject: 'jwt',
      mayCreate: true,
      databases: ['users'],
    })
  })

  test.each([
    ['write', undefined, true],
    ['read', undefined, false],
    ['write', false, false],
    ['read', true, true],
  ])('with scope %s and create %p may create databases: %p', async (scope, create, mayCreate) => {
    const token = await edToken({ ...CLAIMS, scope, ...(create === undefined ? {} : { create }) })
    expect(await authenticate(token, edIssuer)).toMatchObject({ mayCreate })
  })

  test.each([
    ['within the tolerance', NOW - 4, true],
    ['beyond the tolerance', NOW - 6, false],
  ])('that expired %s', async (_, exp, accepted) => {
    const outcome = expect(authenticate(await edToken({ ...CLAIMS, exp }), edIssuer))
    if (accepted) await outcome.resolves.toMatchObject({ app: 'shop' })
    else await outcome.rejects.toMatchObject(refused('expired'))
  })
})

describe('an attack is refused', () => {
  const none = `${base64url({ alg: 'none' })}.${base64url(CLAIMS)}.`
  test.each([
    ['algorithm none', none],
    ['algorithm None', none.replace(base64url({ alg: 'none' }), base64url({ alg: 'None' }))],
    ['no algorithm', none.replace(base64url({ alg: 'none' }), base64url({ typ: 'JWT' }))],
    ['HS256 with the RSA public key as secret', hmac({ alg: 'HS256' }, pem(rsa.publicKey))],
    ['HS256 with the Ed25519 public key as secret', hmac({ alg: 'HS256' }, pem(ed.publicKey))],
    ['HS384 with the right secret', hmac({ alg: 'HS384' }, SECRET)],
  ])('%s', async (_, token) => {
    await expect(authenticate(token, edIssuer, rsaIssuer)).rejects.toMatchObject(refused('signature'))
    await expect(authenticate(token, edIssuer, rsaIssuer, hsIssuer)).rejects.toMatchObject(refused('signature'))
  })

  test('a key in the token’s own header', async () => {
    const own = generateKeyPairSync('ed25519')
    const jwk = own.publicKey.export({ format: 'jwk' })
    const input = `${base64url({ alg: 'EdDSA', jwk, kid: '1' })}.${base64url(CLAIMS)}`
    const signature = sign(
      null,
      Buffer.from(input),
      createPrivateKey(own.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    )
    await expect(authenticate(`${input}.${signature.toString('base64url')}`, edIssuer)).rejects.toMatchObject(
      refused('signature'),
    )
  })

  test('a changed payload, with the signature of the old one', async () => {
    const [header, , signature] = (await edToken()).split('.')
    const token = `${header}.${base64url({ ...CLAIMS, app: 'bank', scope: 'admin' })}.${signature}`
    await expect(authenticate(token, edIssuer)).rejects.toMatchObject(refused('signature'))
  })

  test('a changed or missing signature', async () => {
    const token = await hsToken()
    const [header, payload] = token.split('.')
    await expect(authenticate(`${header}.${payload}.`, hsIssuer)).rejects.toMatchObject(refused('signature'))
    const other = createHmac('sha256', 'x').update(`${header}.${payload}`).digest('base64url')
    await expect(authenticate(`${header}.${payload}.${other}`, hsIssuer)).rejects.toMatchObject(refused('signature'))
  })

  test.each<[string, JWTPayload, string]>([
    ['expired', { ...CLAIMS, exp: NOW - 3_600 }, 'expired'],
    ['not valid yet', { ...CLAIMS, nbf: NOW + 3_600 }, 'not_yet_valid'],
    ['without exp', { app: 'shop', scope: 'read' }, 'claims'],
    ['with an exp that is no number', { ...CLAIMS, exp: 'never' as unknown as number }, 'claims'],
    ['without app', { scope: 'read', exp: NOW + 60 }, 'claims'],
    ['for an app of no valid name', { ...CLAIMS, app: 'shop_users' }, 'claims'],
    ['for an app that is a path', { ...CLAIMS, app: '../etc' }, 'claims'],
    ['for an app that is no text', { ...CLAIMS, app: ['shop'] }, 'claims'],
    ['without scope', { app: 'shop', exp: NOW + 60 }, 'claims'],
    ['with a scope of other services only', { ...CLAIMS, scope: 'openid administrator constructor' }, 'claims'],
    ['with a scope that is no text', { ...CLAIMS, scope: ['admin'] }, 'claims'],
    ['with databases that are no list', { ...CLAIMS, databases: 'users' }, 'claims'],
    ['with a create that is no yes or no', { ...CLAIMS, create: 'yes' }, 'claims'],
    ['with a database of no valid name', { ...CLAIMS, databases: ['users', '*'] }, 'claims'],
  ])('a token %s', async (_, claims, reason) => {
    await expect(authenticate(await edToken(claims), edIssuer)).rejects.toMatchObject(refused(reason))
  })

  test.each([
    ['audience', 'aud', { ...edIssuer, audience: 'dbcluster' }],
    ['issuer', 'iss', { ...edIssuer, issuer: 'https://login.example' }],
  ])('a token of another %s, or of none', async (name, claim, issuer) => {
    const right = { audience: 'dbcluster', issuer: 'https://login.example' }[name]
    expect(await authenticate(await edToken({ ...CLAIMS, [claim]: right }), issuer)).toMatchObject({ app: 'shop' })
    for (const claims of [CLAIMS, { ...CLAIMS, [claim]: 'another' }]) {
      await expect(authenticate(await edToken(claims), issuer)).rejects.toMatchObject(refused('claims'))
    }
  })

  test.each([
    ['plain text', 'hello'],
    ['three dots', '...'],
    ['JSON', '{"app":"shop"}'],
    ['five parts', 'eyJhbGciOiJFZERTQSJ9.a.b.c.d'],
    ['an unknown critical header', `${base64url({ alg: 'EdDSA', crit: ['x'], x: 1 })}.${base64url(CLAIMS)}.AA`],
  ])('%s in place of a token', async (_, token) => {
    await expect(authenticate(token, edIssuer)).rejects.toMatchObject(refused('malformed'))
  })

  test('any token where no issuer is trusted', async () => {
    await expect(authenticate(await edToken())).rejects.toMatchObject(refused('signature'))
  })
})

describe('a token that was verified once', () => {
  test('is known again until it expires, and not a moment longer', async () => {
    let nowMs = NOW_MS
    const authenticator = createAuthenticator({ jwt: [edIssuer], nowMs: () => nowMs })
    const token = await edToken()
    const first = await authenticator.authenticate(token)
    expect(await authenticator.authenticate(token)).toBe(first)
    nowMs = (CLAIMS.exp + 5) * 1_000 - 1
    expect(await authenticator.authenticate(token)).toBe(first)
    nowMs += 1
    await expect(authenticator.authenticate(token)).rejects.toMatchObject(refused('expired'))
  })

  test('makes no difference to a forged one', async () => {
    const authenticator = createAuthenticator({ jwt: [edIssuer], nowMs: () => NOW_MS })
    const token = await edToken()
    await authenticator.authenticate(token)
    const [header, payload] = token.split('.')
    await expect(authenticator.authenticate(`${header}.${payload}.AAAA`)).rejects.toMatchObject(refused('signature'))
  })

  test('cannot be changed by who was given its principal', async () => {
    const principal = await authenticate(await edToken(), edIssuer)
    expect(() => Object.assign(principal, { scope: 'admin' })).toThrow(TypeError)
  })
})

describe('a trusted issuer', () => {
  test.each<[string, JwtIssuer]>([
    ['HS256 with a public key', { algorithm: 'HS256', key: pem(rsa.publicKey) }],
    ['HS256 with a public JWK', { algorithm: 'HS256', key: rsa.publicKey.export({ format: 'jwk' }) }],
    ['HS256 with a short secret', { algorithm: 'HS256', key: 'password' }],
    ['EdDSA with an RSA key', { algorithm: 'EdDSA', key: pem(rsa.publicKey) }],
    ['RS256 with an Ed25519 key', { algorithm: 'RS256', key: pem(ed.publicKey) }],
    [
      'RS256 with 1024 bits',
      { algorithm: 'RS256', key: pem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey) },
    ],
    ['a private key', { algorithm: 'EdDSA', key: ed.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }],
    ['a private JWK', { algorithm: 'EdDSA', key: ed.privateKey.export({ format: 'jwk' }) }],
    ['a text that is no key', { algorithm: 'EdDSA', key: 'key' }],
    ['algorithm none', { algorithm: 'none' as 'EdDSA', key: '' }],
  ])('%s is refused at once', (_, issuer) => {
    const thrown = expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.any(String) })
    expect(() => createAuthenticator({ jwt: [issuer] })).toThrow(thrown)
  })
})
