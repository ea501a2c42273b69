import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createQueryGates, type QueryGates } from '../src/gates.js'
import type { LocalReplica } from '../src/index.js'

const NAME = 'app_users'
const FOREVER = new AbortController().signal

let hosted: Set<string>
let gates: QueryGates
beforeEach(() => {
  jest.useFakeTimers()
  hosted = new Set([NAME])
  gates = createQueryGates({ get: (name) => (hosted.has(name) ? ({} as LocalReplica) : undefined) })
})
afterEach(() => void jest.useRealTimers())

const enter = (): (() => void) => {
  const leave = gates.enter(NAME)
  if (leave === undefined) throw new Error('the gate is closed')
  return leave
}
/** What became of a wait: undefined while it goes on. */
const watch = (waiting: Promise<unknown>): { outcome?: unknown } => {
  const seen: { outcome?: unknown } = {}
  waiting.then(
    (outcome) => {
      seen.outcome = outcome
    },
    (error: unknown) => {
      seen.outcome = error
    },
  )
  return seen
}

describe('a gate is held for sleep', () => {
  test('only while nothing is under way, and nothing was for so long', () => {
    const leave = enter()
    expect(gates.hold(NAME, 0)).toBe(false)
    leave()
    expect(gates.hold(NAME, 1_000)).toBe(false)
    jest.advanceTimersByTime(1_000)
    expect(gates.hold(NAME, 1_000)).toBe(true)
    expect(gates.enter(NAME)).toBeUndefined()
    expect(gates.hold(NAME, 1_000)).toBe(true)
  })

  test('not while anybody waits at it, who was promised an answer', async () => {
    gates.close(NAME)
    const waiting = watch(gates.pass(NAME, FOREVER))
    expect(gates.hold(NAME, 0)).toBe(false)
    gates.open(NAME, { woke: true })
    await jest.advanceTimersByTimeAsync(0)
    expect(waiting.outcome).toEqual({ woke: true })
  })

  test('not right after a wake-up, though the last query was long ago', () => {
    enter()()
    jest.advanceTimersByTime(60_000)
    gates.close(NAME)
    gates.open(NAME, { woke: true })
    expect(gates.hold(NAME, 1_000)).toBe(false)
    jest.advanceTimersByTime(1_000)
    expect(gates.hold(NAME, 1_000)).toBe(true)
  })

  test('an operation that is counted out twice was one all the same', () => {
    const [first] = [enter(), enter()]
    first()
    first()
    expect(gates.of(NAME).inFlight).toBe(1)
    expect(gates.hold(NAME, 0)).toBe(false)
  })
})

describe('a closed gate', () => {
  beforeEach(() => gates.close(NAME))

  test('lets all who wait pass when it opens, and says whether they waited for a wake-up', async () => {
    const waiting = Array.from({ length: 50 }, () => watch(gates.pass(NAME, FOREVER)))
    gates.open(NAME, { woke: false })
    await jest.advanceTimersByTimeAsync(0)
    expect(waiting.map(({ outcome }) => outcome)).toEqual(waiting.map(() => ({ woke: false })))
    expect(await gates.pass(NAME, FOREVER)).toEqual({ woke: false })
  })

  test('tells of those who wait at once, and again and again until nobody does', async () => {
    const told: string[] = []
    gates.onHeld((name) => void told.push(name))
    const caller = new AbortController()
    const waiting = watch(gates.pass(NAME, caller.signal))
    watch(gates.pass(NAME, caller.signal))
    expect(told).toEqual([NAME])
    await jest.advanceTimersByTimeAsync(1_000)
    expect(told).toEqual([NAME, NAME, NAME])
    const reason = new Error('gone')
    caller.abort(reason)
    await jest.advanceTimersByTimeAsync(10_000)
    expect(told).toHaveLength(3)
    expect(waiting.outcome).toBe(reason)
  })

  test('turns the 1001st away at once, and after 20 s everybody, each told when to come again', async () => {
    const waiting = Array.from({ length: 1_000 }, () => watch(gates.pass(NAME, FOREVER)))
    const crowded = watch(gates.pass(NAME, FOREVER))
    await jest.advanceTimersByTimeAsync(19_999)
    expect(crowded.outcome).toMatchObject({ code: 'DATABASE_WAKING', details: { retry_after: 1 } })
    expect(waiting.filter(({ outcome }) => outcome !== undefined)).toEqual([])
    await jest.advanceTimersByTimeAsync(1)
    for (const { outcome } of waiting)
      expect(outcome).toMatchObject({ code: 'DATABASE_WAKING', details: { retry_after: 2 } })
    const next = watch(gates.pass(NAME, FOREVER))
    await jest.advanceTimersByTimeAsync(0)
    expect(next.outcome).toBeUndefined()
    gates.open(NAME, { woke: true })
  })

  test('leaves nobody waiting who had gone before it was asked', async () => {
    const waiting = watch(gates.pass(NAME, AbortSignal.abort(new Error('gone'))))
    await jest.advanceTimersByTimeAsync(0)
    expect(waiting.outcome).toMatchObject({ message: 'gone' })
    expect(gates.isClosed(NAME)).toBe(true)
  })
})

describe('activity', () => {
  test('counts from when the replica came up, then from the last operation; 0 while one is under way', () => {
    gates.activity(NAME)
    jest.advanceTimersByTime(500)
    expect(gates.activity(NAME)).toEqual({ inFlight: 0, idleMs: 500 })
    expect(gates.of(NAME)).toEqual({ inFlight: 0, lastQueryAt: undefined, idleMs: undefined })
    const leave = enter()
    jest.advanceTimersByTime(700)
    expect(gates.activity(NAME)).toEqual({ inFlight: 1, idleMs: 0 })
    leave()
    jest.advanceTimersByTime(300)
    expect(gates.of(NAME)).toEqual({ inFlight: 0, lastQueryAt: new Date(Date.now() - 300), idleMs: 300 })
  })

  test('of replicas that are gone is forgotten, but not what is still under way or waited for', () => {
    for (const name of ['app_gone', 'app_busy', 'app_shut']) {
      hosted.add(name)
      const leave = gates.enter(name)
      if (name !== 'app_busy') leave?.()
      if (name === 'app_shut') gates.close(name)
      hosted.delete(name)
    }
    enter()
    expect(gates.of('app_gone').lastQueryAt).toBeUndefined()
    expect(gates.of('app_busy')).toMatchObject({ inFlight: 1, idleMs: 0 })
    expect(gates.isClosed('app_shut')).toBe(true)
  })
})
