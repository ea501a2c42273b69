import type { ClientResponse, Operation } from '@dbcluster/protocol'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RateLimiter } from '../src/admission/rate-limiter.js'
import { createWorld, recordOf } from './support/world.js'

const schema: Operation = { op: 'list' }
const refused = (code: string, details: object) => ({ ok: false, error: { code, details } })

test('a credential has its rate, told with each answer, and is refused beyond it with a time to come again', async () => {
  const world = createWorld({ admission: { keyRatePerSecond: 2 } })
  const answers: ClientResponse[] = []
  for (let at = 0; at < 3; at += 1) answers.push(await world.ask(schema))
  expect(answers[0]).toMatchObject({ ok: true, meta: { rate: { limit: 2, remaining: 1, resetSeconds: 1 } } })
  expect(answers[1]).toMatchObject({ ok: true, meta: { rate: { limit: 2, remaining: 0, resetSeconds: 1 } } })
  expect(answers[2]).toMatchObject(refused('RATE_LIMITED', { of: 'credential', limit: 2, remaining: 0, reset: 1 }))
})

test('what another node passes on counts for the database and not for the credential', async () => {
  const records = [recordOf('app_users', ['other'])]
  const world = createWorld({ records, admission: { keyRatePerSecond: 1, databaseRatePerSecond: 2 } })
  const status: Operation = { op: 'locate', database: 'users' }
  for (let at = 0; at < 2; at += 1) expect(await world.ask(status, { hops: 1 })).toMatchObject({ ok: true })
  expect(await world.ask(status, { hops: 1 })).toMatchObject(refused('RATE_LIMITED', { of: 'database', limit: 2 }))
})

test.each([
  ['credential', { keyConcurrency: 3 }],
  ['database', { databaseConcurrency: 3 }],
])(
  'so many requests of one %s are worked on at once, and the next one is let in when one is done',
  async (of, admission) => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const world = createWorld({
      records: [recordOf('app_users', ['other'])],
      admission,
      answer: async () => {
        await held
        return { ok: true, result: { columns: [], rows: [] }, meta: { servedBy: 'other', durationMs: 1 } }
      },
    })
    const query: Operation = { op: 'query', database: 'users', statement: { sql: 'SELECT 1' } }
    const running = [1, 2, 3].map(() => world.ask(query))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await world.ask(query)).toMatchObject(refused('CONCURRENCY_LIMITED', { of, limit: 3 }))
    release()
    for (const answer of await Promise.all(running)) expect(answer).toMatchObject({ ok: true })
    expect(await world.ask(query)).toMatchObject({ ok: true })
  },
)

test('an app has its quota of databases', async () => {
  const world = createWorld({ records: [recordOf('app_one')], admission: { databasesPerApp: 2 } })
  expect(await world.ask({ op: 'open', database: 'two' })).toMatchObject({ ok: true })
  expect(await world.ask({ op: 'open', database: 'three' })).toMatchObject(refused('QUOTA_EXCEEDED', { limit: 2 }))
  expect(await world.ask({ op: 'open', database: 'two' })).toMatchObject({ ok: true })
  expect(world.audited).toMatchObject([
    { action: 'createDatabase', outcome: 'done', database: 'two', app: 'app', subject: 'test', requestId: 'r1' },
    { action: 'createDatabase', outcome: 'refused', database: 'three', code: 'QUOTA_EXCEEDED' },
  ])
})

test('within any second no more than two bursts get through, and a caller who keeps to the rate is never refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 300 }),
      (perSecond, pauses) => {
        let nowMs = 1_000_000
        const limiter = new RateLimiter(perSecond, () => nowMs)
        const passed: number[] = []
        for (const pause of pauses) {
          nowMs += pause
          const { state, waitMs } = limiter.take('a')
          if (waitMs === 0) passed.push(nowMs)
          expect(state.remaining).toBeGreaterThanOrEqual(0)
          expect(state.remaining).toBeLessThan(perSecond)
        }
        for (const from of passed) {
          expect(passed.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(2 * perSecond)
        }
        const steady = new RateLimiter(perSecond, () => nowMs)
        for (let at = 0; at < 3 * perSecond; at += 1) {
          expect(steady.take('b').waitMs).toBe(0)
          nowMs += 1_000 / perSecond
        }
      },
    ),
  )
})

test('who is refused has nothing left, also a moment before the next one is let through', () => {
  let nowMs = 1_000_000
  const limiter = new RateLimiter(1, () => nowMs)
  expect(limiter.take('a')).toMatchObject({ waitMs: 0, state: { remaining: 0 } })
  nowMs += 999
  expect(limiter.take('a')).toMatchObject({ waitMs: expect.closeTo(1, 1), state: { remaining: 0 } })
  nowMs += 1
  expect(limiter.take('a')).toMatchObject({ waitMs: 0, state: { remaining: 0 } })
})

test('administrative acts and refused attempts are audited, everything else is not', async () => {
  const world = createWorld({ records: [recordOf('app_users')], principal: { scope: 'admin' } })
  await world.ask({ op: 'list' })
  await world.ask({ op: 'delete', database: 'users' })
  await world.ask({ op: 'delete', database: 'users' })
  await world.ask({ op: 'list' }, { credential: 'dbc_abc_wrong' })
  const secrets = JSON.stringify(world.audited)
  expect(world.audited).toMatchObject([
    { action: 'deleteDatabase', outcome: 'done', database: 'users', app: 'app', subject: 'test' },
    { action: 'deleteDatabase', outcome: 'failed', code: 'DATABASE_NOT_FOUND' },
    { action: 'access', outcome: 'refused', code: 'UNAUTHENTICATED', operation: 'list', subject: 'unproven key:abc' },
  ])
  expect(secrets).not.toContain('wrong')
})

test('a flood of refused attempts is counted and not written out', async () => {
  let nowMs = 1_000_000
  const world = createWorld({ nowMs: () => nowMs })
  const attempts = 500
  for (let at = 0; at < attempts; at += 1) await world.ask({ op: 'list' }, { credential: 'nobody' })
  nowMs += 1_000
  await world.ask({ op: 'list' }, { credential: 'nobody' })
  const told = world.audited.length
  const suppressed = world.audited.reduce((sum, entry) => sum + (entry.suppressed ?? 0), 0)
  expect(told + suppressed).toBe(attempts + 1)
  expect(told).toBe(21)
})
