import { describe, expect, test } from '@jest/globals'
import { type ApiKeyRecord, authorize, CREDENTIAL_MAX_CHARS, createApiKey, createAuthenticator } from '../src/index.js'

const refused = (reason: string) => ({ code: 'UNAUTHENTICATED', details: { reason }, hint: expect.any(String) })

describe('an API key', () => {
  const { key, record } = createApiKey({ app: 'shop', scope: 'write' })
  const authenticator = createAuthenticator({ apiKeys: [record, createApiKey({ app: 'other', scope: 'read' }).record] })

  test('has its form and is kept without its secret', () => {
    expect(key).toMatch(/^dbc_[A-Za-z0-9]{11}_[A-Za-z0-9]{43}$/)
    expect(key.startsWith(`dbc_${record.id}_`)).toBe(true)
    expect(record).toEqual({ id: expect.any(String), app: 'shop', scope: 'write', hash: expect.any(String) })
    expect(record.hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(JSON.stringify(record)).not.toContain(key.slice(-43))
  })

  test('is never made twice, and uses its whole alphabet', () => {
    const keys = Array.from({ length: 200 }, () => createApiKey({ app: 'shop', scope: 'read' }).key)
    expect(new Set(keys).size).toBe(200)
    expect(new Set(keys.map((text) => text.slice(-43)).join('')).size).toBe(62)
  })

  test('stands for its app, scope and databases', async () => {
    expect(await authenticator.authenticate(key)).toEqual({
      app: 'shop',
      scope: 'write',
      subject: `key:${record.id}`,
      mayCreate: true,
    })
    const narrow = createApiKey({ app: 'shop', scope: 'read', databases: ['users'] })
    const principal = await createAuthenticator({ apiKeys: [narrow.record] }).authenticate(narrow.key)
    expect(principal.databases).toEqual(['users'])
  })

  test.each([
    ['a wrong secret', `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, 'unknown_key'],
    ['a truncated secret', key.slice(0, -1), 'unknown_key'],
    ['an unknown id', key.replace(record.id, 'AAAAAAAAAAA'), 'unknown_key'],
    ['an id every object has', key.replace(record.id, 'constructor'), 'unknown_key'],
    ['the stored hash in place of the secret', `dbc_${record.id}_${record.hash.slice(7)}`, 'unknown_key'],
    ['no secret', `dbc_${record.id}_`, 'malformed'],
    ['a line break after it', `${key}\n`, 'malformed'],
    ['nothing', undefined, 'missing'],
    ['an empty text', '', 'missing'],
    ['a text beyond the bound', `dbc_x_${'a'.repeat(CREDENTIAL_MAX_CHARS)}`, 'malformed'],
  ])('with %s is refused', async (_, credential, reason) => {
    await expect(authenticator.authenticate(credential)).rejects.toMatchObject(refused(reason))
  })

  test('an unknown id and a wrong secret look the same, and no refusal repeats the credential', async () => {
    const errors = await Promise.all(
      [key.replace(record.id, 'AAAAAAAAAAA'), `${key.slice(0, -2)}zz`].map((credential) =>
        authenticator.authenticate(credential).then(
          () => ({}),
          ({ message, hint, details }: { message: string; hint: string; details: unknown }) => ({
            message,
            hint,
            details,
          }),
        ),
      ),
    )
    expect(errors[0]).toEqual(errors[1])
    expect(JSON.stringify(errors)).not.toContain(key.slice(-43, -2))
  })

  test.each<[string, Partial<ApiKeyRecord>]>([
    ['a plain secret as hash', { hash: 'secret' }],
    ['an id with "_"', { id: 'a_b' }],
    ['an app of no valid name', { app: 'My_App' }],
    ['an unknown scope', { scope: 'root' as 'admin' }],
    ['a database of no valid name', { databases: ['../x'] }],
  ])('record with %s is refused at once', (_, wrong) => {
    expect(() => createAuthenticator({ apiKeys: [{ ...record, ...wrong }] })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    )
  })

  test('record that is there twice is refused at once', () => {
    expect(() => createAuthenticator({ apiKeys: [record, record] })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(record.id) }),
    )
  })

  test('is not made for an app of no valid name', () => {
    expect(() => createApiKey({ app: 'a_b', scope: 'read' })).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }))
  })
})

describe('authorize', () => {
  test.each([
    ['read', 'read', true],
    ['read', 'write', false],
    ['read', 'admin', false],
    ['write', 'read', true],
    ['write', 'write', true],
    ['write', 'admin', false],
    ['admin', 'read', true],
    ['admin', 'write', true],
    ['admin', 'admin', true],
  ] as const)('scope %s asked for %s: %s', (scope, need, allowed) => {
    const check = () => authorize({ app: 'shop', scope, subject: 'x' }, need, 'users')
    if (allowed) expect(check).not.toThrow()
    else expect(check).toThrow(expect.objectContaining({ code: 'FORBIDDEN', details: { need, scope } }))
  })

  test('a credential for some databases reaches no other', () => {
    const principal = { app: 'shop', scope: 'admin', subject: 'x', databases: ['users'] } as const
    const limited = { ...principal, databases: [...principal.databases] }
    expect(() => authorize(limited, 'admin', 'users')).not.toThrow()
    expect(() => authorize(limited, 'read')).not.toThrow()
    expect(() => authorize(limited, 'read', 'user')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
    expect(() => authorize({ ...limited, databases: [] }, 'read', 'users')).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    )
  })
})
