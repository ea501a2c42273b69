import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { createAuthenticator, type JwtIssuer } from '../src/index.js'

const START_MS = Date.UTC(2027, 0, 1)
const pair = (kid: string) => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'EdDSA' } }
}
const [first, second] = [pair('first'), pair('second')]

const sign = (privateKey: KeyObject, kid?: string, alg = 'EdDSA'): Promise<string> =>
  new SignJWT({ app: 'shop', scope: 'read', sub: Math.random().toString() })
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .setExpirationTime(START_MS / 1_000 + 1_000_000)
    .sign(privateKey)

/** An issuer's server, its clock, and how often it was asked. */
const world = (keys: readonly object[], over: Partial<JwtIssuer> = {}) => {
  const state = { text: JSON.stringify({ keys }), nowMs: START_MS, reads: 0, down: false }
  const keySet = async (): Promise<string> => {
    state.reads += 1
    if (state.down) throw new Error('unreachable')
    return state.text
  }
  const authenticator = createAuthenticator({
    jwt: [{ algorithm: 'EdDSA', keySet, ...over }],
    nowMs: () => state.nowMs,
  })
  return { state, authenticate: (token: string) => authenticator.authenticate(token) }
}
const refused = { code: 'UNAUTHENTICATED', details: { reason: 'signature' } }

test('a key set is read at the first token and then remembered, with and without a kid', async () => {
  const { state, authenticate } = world([first.jwk])
  expect(state.reads).toBe(0)
  for (const kid of ['first', undefined, 'first']) {
    expect(await authenticate(await sign(first.privateKey, kid))).toMatchObject({ app: 'shop' })
  }
  expect(state.reads).toBe(1)
})

test('a new key is fetched when a token names it, but not more often than the cooldown allows', async () => {
  const { state, authenticate } = world([first.jwk])
  await authenticate(await sign(first.privateKey, 'first'))
  state.text = JSON.stringify({ keys: [second.jwk] })
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await expect(authenticate(await sign(second.privateKey, `made-up-${attempt}`))).rejects.toMatchObject(refused)
  }
  expect(state.reads).toBe(1)
  state.nowMs += 15_000
  expect(await authenticate(await sign(second.privateKey, 'second'))).toMatchObject({ app: 'shop' })
  expect(state.reads).toBe(2)
  await expect(authenticate(await sign(first.privateKey, 'first'))).rejects.toMatchObject(refused)
})

test('keys go on while the issuer is down, for a day', async () => {
  const { state, authenticate } = world([first.jwk])
  await authenticate(await sign(first.privateKey, 'first'))
  state.down = true
  state.nowMs += 3_600_000
  expect(await authenticate(await sign(first.privateKey, 'first'))).toMatchObject({ app: 'shop' })
  state.nowMs += 86_400_000
  await expect(authenticate(await sign(first.privateKey, 'first'))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})

test('many tokens at once cost one read', async () => {
  const { state, authenticate } = world([first.jwk])
  const tokens = await Promise.all(Array.from({ length: 20 }, () => sign(first.privateKey, 'first')))
  await Promise.all(tokens.map(authenticate))
  expect(state.reads).toBe(1)
})

test.each([
  ['a shared secret', [{ kty: 'oct', k: 'AAAA', kid: 'x' }]],
  ['a private key', [generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })]],
  ['a weak key', [generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' })]],
  ['what is no key', [null, 1, 'x', {}, []]],
])('%s in the set is passed over', async (_, keys) => {
  const { authenticate } = world([...(keys as object[]), first.jwk])
  expect(await authenticate(await sign(first.privateKey))).toMatchObject({ app: 'shop' })
})

test('a set never lends its keys to another algorithm', async () => {
  const { authenticate } = world([first.jwk])
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
  await expect(authenticate(await sign(rsa, 'first', 'RS256'))).rejects.toMatchObject(refused)
  const over = { algorithm: 'HS256' as const }
  expect(() => world([first.jwk], over)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

test.each([['no JSON'], ['[]'], ['{"keys":{}}'], [`{"keys":[],"x":"${'x'.repeat(300_000)}"}`]])(
  'a set that is none lets nobody in',
  async (text) => {
    const { state, authenticate } = world([])
    state.text = text
    await expect(authenticate(await sign(first.privateKey, 'first'))).rejects.toMatchObject(refused)
  },
)
