import { createHmac } from 'node:crypto'
import type { TestCluster } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { errorOf } from '../support/errors.js'

/** What the nodes of the steady cluster accept as signatures of tokens. */
export const JWT_SECRET = 'a secret of these tests, long enough for HS256'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token by RFC 7519, made by hand. */
const token = (claims: Readonly<Record<string, unknown>>, secret = JWT_SECRET): string => {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const soon = (): number => Math.floor(Date.now() / 1_000) + 600

/** Who may do what; the app always comes from the credential. */
export const describeCredentials = (of: () => TestCluster): void =>
  describe('credentials', () => {
    const list = async (headers: Readonly<Record<string, string>>): Promise<[number, string]> => {
      const answer = await of().http.request('/v1/database/list', { key: null, headers })
      return [answer.status, answer.status === 200 ? 'listed' : errorOf(answer).code]
    }

    test('an API key goes into either header, a token into one', async () => {
      const { key } = of()
      const jwt = token({ app: 'demo', scope: 'read', exp: soon() })
      expect(await list({ 'x-api-key': key })).toEqual([200, 'listed'])
      expect(await list({ authorization: `Bearer ${key}` })).toEqual([200, 'listed'])
      expect(await list({ authorization: `Bearer ${jwt}` })).toEqual([200, 'listed'])
    })

    test.each([
      ['nothing', {}],
      ['an unknown key', { 'x-api-key': 'dbc_AAAAAAAAAAA_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB' }],
      ['something else', { authorization: 'Basic dXNlcjpwYXNz' }],
      ['an expired token', { authorization: `Bearer ${token({ app: 'demo', scope: 'read', exp: 1_600_000_000 })}` }],
      ['a token without end', { authorization: `Bearer ${token({ app: 'demo', scope: 'read' })}` }],
      [
        'a token of another secret',
        { authorization: `Bearer ${token({ app: 'demo', scope: 'admin', exp: soon() }, 'x')}` },
      ],
    ])('%s is 401', async (_what, headers) => {
      expect(await list(headers)).toEqual([401, 'UNAUTHENTICATED'])
    })

    test('a key whose secret is wrong is 401', async () => {
      expect(await list({ 'x-api-key': `${of().key.slice(0, -1)}!` })).toEqual([401, 'UNAUTHENTICATED'])
    })

    test.each([
      ['write with a key for reading', 'reader', 'POST', 'exec', { database: 'cred', sql: 'CREATE TABLE t (a)' }],
      ['delete with a key for writing', 'writer', 'DELETE', 'cred', undefined],
      ['touch a database that the key does not name', 'narrow', 'POST', 'query', { database: 'cred', sql: 'SELECT 1' }],
    ])('to %s is 403, and creates nothing', async (_what, name, method, endpoint, json) => {
      const key = of().keys[name] ?? ''
      const answer = await of().http.request(`/v1/database/${endpoint}`, { method, key, json })
      expect([answer.status, errorOf(answer).code]).toEqual([403, 'FORBIDDEN'])
      expect((await of().http.get('list')).text).not.toContain('cred')
    })

    test('two apps have a database of the same name each', async () => {
      const other = of().keys.other ?? ''
      const ask = async (key: string, endpoint: string, json: unknown): Promise<unknown> =>
        (await of().http.request(`/v1/database/${endpoint}`, { method: 'POST', key, json })).body
      await ask(of().key, 'create-table', { database: 'shared', schema: 'CREATE TABLE t (who)' })
      await ask(other, 'create-table', { database: 'shared', schema: 'CREATE TABLE t (who)' })
      await ask(other, 'exec', { database: 'shared', sql: "INSERT INTO t VALUES ('other')" })
      const select = { database: 'shared', sql: 'SELECT who FROM t' }
      expect(await ask(other, 'query', select)).toMatchObject({ items: [{ who: 'other' }] })
      expect(await ask(of().key, 'query', select)).toMatchObject({ items: [] })
    })
  })
