import { describe, expect, test } from '@jest/globals'
import { FairTurns, TURNS } from '../src/admission/fair-turns.js'

const never = new AbortController().signal
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Turns whose requests end when they are told to. */
const world = () => {
  let nowMs = 0
  const turns = new FairTurns(() => nowMs)
  const atWork: { readonly caller: string; readonly end: () => void }[] = []
  return {
    atWork,
    ask: (caller: string, count = 1, signal = never) =>
      Array.from({ length: count }, async () => {
        const end = await turns.take(caller, signal)
        atWork.push({ caller, end })
      }),
    endOldest: () => atWork.shift()?.end(),
    countOf: (caller: string) => atWork.filter((one) => one.caller === caller).length,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('requests of several callers', () => {
  test('go to work at once while only one caller asks, however many they are', async () => {
    const { ask, countOf } = world()
    await Promise.all(ask('flood', 200))
    expect(countOf('flood')).toBe(200)
  })

  test('one that has a single request goes before the hundreds of another one', async () => {
    const { ask, atWork, endOldest, countOf } = world()
    await Promise.all(ask('flood', 200))
    await Promise.all(ask('calm'))
    expect(countOf('calm')).toBe(1)
    for (const asked of ask('flood', 100)) void asked
    await settled()
    // None of the new ones, until fewer than the bound are left of the old ones.
    expect(countOf('flood')).toBe(200)
    while (atWork.length >= TURNS) endOldest()
    await settled()
    expect(atWork).toHaveLength(TURNS)
  })

  test('that wait go in turn, one of each caller', async () => {
    const { ask, atWork, endOldest } = world()
    await Promise.all(ask('calm'))
    void ask('a', 50)
    void ask('b', 50)
    void ask('c', 50)
    await settled()
    const before = atWork.length
    for (let at = 0; at < before + 30; at += 1) {
      endOldest()
      await settled()
    }
    const counts = ['a', 'b', 'c'].map((caller) => atWork.filter((one) => one.caller === caller).length)
    for (const count of counts) expect(count).toBeGreaterThanOrEqual(4)
    expect(atWork.length).toBeLessThanOrEqual(2 * TURNS)
  })

  test('that take long keep nobody waiting', async () => {
    const { ask, countOf, pass } = world()
    await Promise.all([...ask('calm'), ...ask('slow', TURNS - 1)])
    const waiting = ask('slow', TURNS)
    await settled()
    expect(countOf('slow')).toBe(TURNS - 1)
    pass(501)
    await Promise.all(waiting)
    expect(countOf('slow')).toBe(2 * TURNS - 1)
  })

  test('one that is called off while it waits is refused with the reason, and its place goes to the next', async () => {
    const { ask, atWork, endOldest, countOf } = world()
    await Promise.all([...ask('calm'), ...ask('flood', TURNS - 1)])
    const leaving = new AbortController()
    const [left] = ask('flood', 1, leaving.signal)
    const [next] = ask('flood')
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    while (atWork.length >= TURNS) endOldest()
    await next
    expect(countOf('flood')).toBe(TURNS)
  })
})
