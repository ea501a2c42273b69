import { createHash, randomUUID } from 'node:crypto'
import type { KeyInfo, Principal } from '@dbcluster/protocol'
import { expect, test } from '@jest/globals'
import { createWorld } from './support/world.js'

const hash = (): string => `sha256:${createHash('sha256').update(randomUUID()).digest('hex')}`
const create = (over: object = {}) => ({ op: 'createKey' as const, hash: hash(), scope: 'write' as const, ...over })
const worldOf = (principal: Partial<Principal> = {}) => createWorld({ principal: { app: 'shop', ...principal } })

test('a key is made, listed and revoked, and its hash is never told', async () => {
  const world = worldOf()
  const { key } = await world.result<{ key: KeyInfo }>(create({ databases: ['users'], expiresAtMs: 4_102_444_800_000 }))
  expect(key).toMatchObject({
    app: 'shop',
    scope: 'write',
    databases: ['users'],
    may_create: true,
    expires_at: '2100-01-01T00:00:00.000Z',
    created_by: 'test',
    revoked: false,
  })
  const listed = await world.ask({ op: 'listKeys' })
  expect(listed).toMatchObject({ ok: true, result: { keys: [key] } })
  expect(JSON.stringify(listed)).not.toContain('sha256')
  expect(await world.result({ op: 'revokeKey', id: key.id })).toMatchObject({ key: { id: key.id, revoked: true } })
  expect(await world.result({ op: 'revokeKey', id: key.id })).toMatchObject({ key: { revoked: true } })
})

test('asking again for the same key, for want of an answer, gives the same one; a revoked one never comes back', async () => {
  const world = worldOf()
  const operation = create()
  const { key } = await world.result<{ key: KeyInfo }>(operation)
  expect(await world.result(operation)).toMatchObject({ key: { id: key.id } })
  await expect(world.result({ ...operation, scope: 'admin' })).rejects.toMatchObject({ code: 'CONFLICT' })
  await world.result({ op: 'revokeKey', id: key.id })
  await expect(world.result(operation)).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('an app sees and revokes its own keys only; to it others are not there', async () => {
  const world = worldOf({ operator: true })
  const { key } = await world.result<{ key: KeyInfo }>(create({ app: 'bank' }))
  const shop = worldOf()
  for (const [id, record] of [[key.id, world.components.coordinator.key(key.id)]] as const) {
    if (record?.grant !== undefined) await shop.components.coordinator.putKey(id, record.grant)
  }
  expect(await shop.result({ op: 'listKeys' })).toEqual({ keys: [] })
  const missing = { code: 'KEY_NOT_FOUND' }
  await expect(shop.result({ op: 'revokeKey', id: key.id })).rejects.toMatchObject(missing)
  await expect(shop.result({ op: 'revokeKey', id: 'nothing' })).rejects.toMatchObject(missing)
  await expect(shop.result({ op: 'listKeys', app: 'bank' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(shop.result(create({ app: 'bank' }))).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('an operator manages the keys of every app, also ones that only configurations know', async () => {
  const world = worldOf({ operator: true })
  await world.result(create({ app: 'bank' }))
  await world.result(create())
  const { keys } = await world.result<{ keys: KeyInfo[] }>({ op: 'listKeys' })
  expect(keys.map(({ app }) => app).sort()).toEqual(['bank', 'shop'])
  expect(await world.result({ op: 'listKeys', app: 'bank' })).toMatchObject({ keys: [{ app: 'bank' }] })
  expect(await world.result({ op: 'revokeKey', id: 'configured1' })).toMatchObject({ key: { revoked: true } })
})

test.each<[string, Partial<Principal>, object, string]>([
  ['a write credential', { scope: 'write' }, {}, 'FORBIDDEN'],
  ['a credential for some databases', { databases: ['users'] }, {}, 'FORBIDDEN'],
  ['one that may not create, a key that may', { mayCreate: false }, { mayCreate: true }, 'FORBIDDEN'],
  ['anybody, for an app of no valid name', { operator: true }, { app: '../x' }, 'INVALID_NAME'],
  ['anybody, for a database of no valid name', {}, { databases: ['../x'] }, 'INVALID_NAME'],
  ['anybody, one that has expired already', {}, { expiresAtMs: 1 }, 'INVALID_VALUE'],
])('%s makes none', async (_, principal, over, code) => {
  await expect(worldOf(principal).result(create(over))).rejects.toMatchObject({ code })
})

test('a credential that may not create databases finds what is there and makes nothing', async () => {
  const world = worldOf({ mayCreate: false })
  for (const operation of [
    { op: 'open' as const, database: 'users' },
    { op: 'query' as const, database: 'users', statement: { sql: 'SELECT 1' } },
    { op: 'schema' as const, database: 'users' },
  ]) {
    await expect(world.result(operation)).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' })
  }
  expect(world.ensured).toEqual([])
})
