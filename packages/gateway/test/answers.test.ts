import { DbClusterError, type ErrorCode } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { KEY, make, post } from './support/make.js'

const EXEC = '/v1/database/exec'
const exec = post({ database: 'users', sql: 'x' })

describe("the nodes' errors", () => {
  test.each<[ErrorCode, number]>([
    ['SQL_ERROR', 400],
    ['SQLITE_CONSTRAINT_UNIQUE', 400],
    ['UNAUTHENTICATED', 401],
    ['FORBIDDEN', 403],
    ['DATABASE_NOT_FOUND', 404],
    ['TABLE_NOT_FOUND', 404],
    ['ASSERTION_FAILED', 409],
    ['RESULT_TOO_LARGE', 413],
    ['RATE_LIMITED', 429],
    ['INSUFFICIENT_NODES', 503],
    ['NO_LEADER', 503],
    ['TIMEOUT', 504],
    ['OUTCOME_UNKNOWN', 504],
  ])('%s is a %i', async (code, status) => {
    const { app } = make(() => {
      throw new DbClusterError(code, 'it went wrong', { hint: 'do this', statementIndex: 2, details: { got: 1 } })
    })
    const response = await app.request(EXEC, { ...exec, headers: { ...exec.headers, 'x-request-id': 'r-1' } })
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      error: {
        code,
        message: 'it went wrong',
        hint: 'do this',
        request_id: 'r-1',
        statement_index: 2,
        details: { got: 1 },
      },
    })
    expect(response.headers.get('retry-after')).toBe(status === 503 || status === 429 ? '1' : null)
    expect(response.headers.get('www-authenticate')).toBe(
      status === 401 ? 'Bearer realm="dbcluster", error="invalid_token"' : null,
    )
  })

  test('a wait that the node names is passed on', async () => {
    const { app } = make(() => {
      throw new DbClusterError('RATE_LIMITED', 'slow down', { details: { retry_after: 7.2 } })
    })
    expect((await app.request(EXEC, exec)).headers.get('retry-after')).toBe('8')
  })

  test.each([
    new TypeError("Cannot read properties of undefined (reading '/srv/secret')"),
    new DbClusterError('INTERNAL', 'at /srv/secret/file.ts:1'),
    new DbClusterError('FROM_THE_FUTURE' as ErrorCode, 'see /srv/secret'),
  ])('what failed inside stays inside: %p', async (thrown) => {
    const { app, lines } = make(() => {
      throw thrown
    })
    const response = await app.request(EXEC, exec)
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).not.toContain('secret')
    expect(JSON.parse(text).error.code).toBe('INTERNAL')
    expect(lines.filter((line) => line.level === 'error')).toHaveLength(1)
  })
})

describe('time', () => {
  const limits = { queryTimeoutMs: 2_000, transactionTimeoutMs: 4_000 }
  const timeoutOf = async (path: string, body: unknown, headers = {}): Promise<number | undefined> => {
    const { app, transport } = make(() => ({ results: [], rowsAffected: 0, lastInsertId: 0 }), limits)
    await app.request(`/v1/database/${path}`, post(body, headers))
    return transport.calls[0]?.options.timeoutMs
  }

  test('a query and a transaction have their own limits, and a caller may have less patience', async () => {
    const transaction = { database: 'users', queries: ['x'] }
    const query = { database: 'users', sql: 'x' }
    expect(await timeoutOf('exec', query)).toBe(2_000)
    expect(await timeoutOf('transaction', transaction)).toBe(4_000)
    expect(await timeoutOf('batch', transaction)).toBe(4_000)
    expect(await timeoutOf('exec', query, { 'x-timeout-ms': '150' })).toBe(150)
    expect(await timeoutOf('exec', query, { 'x-timeout-ms': '99999' })).toBe(2_000)
  })

  test('by default they are 30 and 60 seconds', async () => {
    const { app, transport } = make(() => ({ results: [], rowsAffected: 0, lastInsertId: 0 }))
    await app.request(EXEC, exec)
    await app.request('/v1/database/transaction', post({ database: 'users', queries: ['x'] }))
    expect(transport.calls.map((call) => call.options.timeoutMs)).toEqual([30_000, 60_000])
  })

  test.each([
    ['/v1/database/query', 'TIMEOUT'],
    ['/v1/database/exec', 'OUTCOME_UNKNOWN'],
  ])('a transport that never answers is a 504: %s says %s', async (path, code) => {
    const { app, transport } = make(() => new Promise(() => undefined), { queryTimeoutMs: 20 })
    const response = await app.request(path, exec)
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({ error: { code } })
    expect(transport.calls[0]?.options.signal?.aborted).toBe(true)
  })
})

describe('request ids', () => {
  test.each([
    ['r-1.a:b_c', true],
    ['a'.repeat(128), true],
    ['a'.repeat(129), false],
    ['x y', false],
    ['<script>', false],
    ['ü', false],
  ])('%p is kept: %p', async (given, kept) => {
    const { app, transport } = make(() => ({ rowsAffected: 0, lastInsertId: 0 }))
    const response = await app.request(EXEC, { ...exec, headers: { ...exec.headers, 'x-request-id': given } })
    const id = response.headers.get('x-request-id') ?? ''
    expect(id === given).toBe(kept)
    expect(id).toMatch(/^[\w.:-]{1,128}$/)
    expect(transport.calls[0]?.options.requestId).toBe(id)
  })
})

describe('headers', () => {
  test('every answer has the security headers, and pages of other origins get nothing', async () => {
    const { app } = make(() => ({ rowsAffected: 0, lastInsertId: 0 }))
    for (const [path, init] of [
      [EXEC, exec],
      ['/nothing', {}],
      ['/docs', {}],
      ['/healthz', {}],
    ] as const) {
      const response = await app.request(path, {
        ...init,
        headers: { ...init.headers, origin: 'https://evil.example' },
      })
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('an origin that is configured may call, also when it fails, and its preflight needs no credential', async () => {
    const { app } = make(() => ({ databases: [] }), { corsOrigins: ['https://app.example'] })
    const origin = 'https://app.example'
    const preflight = await app.request('/v1/database/query', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
    expect(preflight.headers.get('access-control-allow-headers')).toBe('x-api-key')
    for (const headers of [{ origin, 'x-api-key': KEY }, { origin }]) {
      const response = await app.request('/v1/database/list', { headers })
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      expect(response.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
    }
    const other = await app.request('/v1/database/list', {
      headers: { origin: 'https://evil.example', 'x-api-key': KEY },
    })
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })
})

test('log lines hold neither SQL nor credentials', async () => {
  const { app, lines } = make(() => {
    throw new DbClusterError('NO_LEADER', 'no leader')
  })
  await app.request(EXEC, post({ database: 'users', sql: 'SELECT tenantdata', args: ['tenantvalue'] }))
  expect(lines).toEqual([expect.objectContaining({ level: 'warn', message: 'Request failed' })])
  expect(JSON.stringify(lines)).not.toMatch(new RegExp(`tenant|${KEY}`))
})
