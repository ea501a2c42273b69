import type { KeyRecord } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { type ApiKeyInit, createApiKey, createAuthenticator, createOperatorToken, keyIdOf } from '../src/index.js'

const NOW_MS = Date.UTC(2027, 0, 1)

const world = (init: Partial<ApiKeyInit> = {}) => {
  const { key, record } = createApiKey({ app: 'shop', scope: 'write', ...init })
  const { id, ...grant } = record
  const found: KeyRecord = {
    kind: 'key',
    id,
    grant: { mayCreate: true, ...grant, databases: [...(grant.databases ?? [])], createdAtMs: 1, createdBy: 'x' },
    revoked: false,
    clock: {},
  }
  if (grant.databases === undefined) delete found.grant?.databases
  const keys = new Map([[id, found]])
  const authenticator = createAuthenticator({ findKey: (wanted) => keys.get(wanted), nowMs: () => NOW_MS })
  return { key, id, keys, found, authenticator }
}
const refused = (reason: string) => ({ code: 'UNAUTHENTICATED', details: { reason } })

describe('an API key of the network', () => {
  test('stands for its grant', async () => {
    const { key, id, authenticator } = world({ databases: ['users'], mayCreate: false })
    expect(await authenticator.authenticate(key)).toEqual({
      app: 'shop',
      scope: 'write',
      subject: `key:${id}`,
      databases: ['users'],
      mayCreate: false,
    })
  })

  test('is refused from the moment its revocation is known', async () => {
    const { key, id, keys, found, authenticator } = world()
    await authenticator.authenticate(key)
    keys.set(id, { ...found, revoked: true })
    await expect(authenticator.authenticate(key)).rejects.toMatchObject(refused('revoked'))
  })

  test('that was revoked tells so only to whoever has the secret', async () => {
    const { key, id, keys, found, authenticator } = world()
    keys.set(id, { ...found, revoked: true })
    await expect(authenticator.authenticate(`${key.slice(0, -4)}AAAA`)).rejects.toMatchObject(refused('unknown_key'))
  })

  test.each([
    ['a moment before its end', NOW_MS + 1, true],
    ['at its end', NOW_MS, false],
  ])('%s', async (_, expiresAtMs, accepted) => {
    const { key, authenticator } = world({ expiresAtMs })
    const outcome = expect(authenticator.authenticate(key))
    if (accepted) await outcome.resolves.toMatchObject({ app: 'shop' })
    else await outcome.rejects.toMatchObject(refused('expired'))
  })

  test('has an id that follows from its hash', () => {
    const { record } = createApiKey({ app: 'shop', scope: 'read' })
    expect(record.id).toBe(keyIdOf(record.hash))
  })
})

test('a key of the configuration ends when the network revokes it', async () => {
  const { key, record } = createApiKey({ app: 'shop', scope: 'admin' })
  const revoked: KeyRecord = { kind: 'key', id: record.id, revoked: true, clock: {} }
  let known: KeyRecord | undefined
  const authenticator = createAuthenticator({ apiKeys: [record], findKey: () => known })
  expect(await authenticator.authenticate(key)).toMatchObject({ app: 'shop', mayCreate: true })
  expect(authenticator.configuredApp(record.id)).toBe('shop')
  known = revoked
  await expect(authenticator.authenticate(key)).rejects.toMatchObject(refused('revoked'))
})

describe('an operator’s token', () => {
  const secret = new Uint8Array(32).fill(7)
  const accepting = (...operatorSecrets: Uint8Array[]) => createAuthenticator({ operatorSecrets, nowMs: () => NOW_MS })

  test('proves possession of the cluster key for a minute', async () => {
    const token = createOperatorToken(secret, 'shop', NOW_MS)
    expect(await accepting(secret).authenticate(token)).toEqual({
      app: 'shop',
      scope: 'admin',
      subject: 'operator',
      mayCreate: true,
      operator: true,
    })
    const old = createOperatorToken(secret, 'shop', NOW_MS - 70_000)
    await expect(accepting(secret).authenticate(old)).rejects.toMatchObject(refused('expired'))
  })

  test('of another cluster key is a stranger’s', async () => {
    const token = createOperatorToken(new Uint8Array(32), 'shop', NOW_MS)
    await expect(accepting(secret).authenticate(token)).rejects.toMatchObject(refused('signature'))
    await expect(accepting().authenticate(token)).rejects.toMatchObject(refused('signature'))
    expect(await accepting(secret, new Uint8Array(32)).authenticate(token)).toMatchObject({ operator: true })
  })

  test('cannot be signed by an issuer of the configuration', async () => {
    const { SignJWT } = await import('jose')
    const text = 'a secret of at least thirty-two bytes'
    const claims = { iss: 'dbcluster:operator', aud: 'dbcluster:node', app: 'shop', scope: 'admin', operator: true }
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(NOW_MS / 1_000 + 60)
      .sign(Buffer.from(text))
    const authenticator = createAuthenticator({
      operatorSecrets: [secret],
      jwt: [{ algorithm: 'HS256', key: text }],
      nowMs: () => NOW_MS,
    })
    expect(await authenticator.authenticate(token)).not.toHaveProperty('operator')
  })
})
