import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LIST_MODEL, type ListAction, prepareList } from '../src/linearizability/list.js'
import type { Call } from '../src/linearizability/model.js'
import { prepareRegister, REGISTER_MODEL, type RegisterAction } from '../src/linearizability/register.js'
import { search } from '../src/linearizability/search.js'
import { isLinearizable } from './helpers/brute-force.js'

const OPEN = Number.POSITIVE_INFINITY
const write = (start: number, end: number, value: number): Call<RegisterAction> => ({
  start,
  end,
  action: { f: 'write', value },
})
const read = (start: number, end: number, value: number | null): Call<RegisterAction> => ({
  start,
  end,
  action: { f: 'read', value },
})
const cas = (start: number, end: number, from: number, to: number): Call<RegisterAction> => ({
  start,
  end,
  action: { f: 'cas', from, to, surely: end !== OPEN },
})
const append = (start: number, end: number, value: number): Call<ListAction> => ({
  start,
  end,
  action: { f: 'append', value },
})
const list = (start: number, end: number, ...values: number[]): Call<ListAction> => ({
  start,
  end,
  action: { f: 'read', values },
})

const judgeRegister = (calls: readonly Call<RegisterAction>[]): string => {
  const prepared = prepareRegister(calls)
  return search(prepared.calls, prepared.model).verdict
}
const judgeList = (calls: readonly Call<ListAction>[]): string => {
  const prepared = prepareList(calls)
  return 'contradiction' in prepared ? 'impossible' : search(prepared.calls, prepared.model).verdict
}

describe('a register', () => {
  test.each<[string, readonly Call<RegisterAction>[]]>([
    ['nothing happened', []],
    ['what was written is read', [write(1, 2, 7), read(3, 4, 7)]],
    ['nothing is read before the first write', [read(1, 2, null), write(3, 4, 7)]],
    ['writes at the same time, either is last', [write(1, 9, 7), write(2, 8, 8), read(10, 11, 7), read(12, 13, 7)]],
    ['a read beside a write sees the old or the new', [write(1, 2, 7), write(3, 9, 8), read(4, 5, 7), read(6, 7, 8)]],
    ['an open write takes effect late', [write(1, OPEN, 7), read(2, 3, null), read(4, 5, 7)]],
    ['an open write never takes effect', [write(1, OPEN, 7), write(2, 3, 8), read(4, 5, 8)]],
    ['a swap finds what was written', [write(1, 2, 7), cas(3, 4, 7, 8), read(5, 6, 8)]],
    ['an open swap was seen', [write(1, 2, 7), cas(3, OPEN, 7, 8), read(4, 5, 7), read(6, 7, 8)]],
    ['an open swap found another value', [write(1, 2, 7), cas(3, OPEN, 6, 8), read(6, 7, 7)]],
  ])('%s', (_, calls) => {
    expect(judgeRegister(calls)).toBe('linearizable')
    expect(search(calls, REGISTER_MODEL).verdict).toBe('linearizable')
  })

  test.each<[string, readonly Call<RegisterAction>[]]>([
    ['a stale read', [write(1, 2, 7), write(3, 4, 8), read(5, 6, 7)]],
    ['an acknowledged write is lost', [write(1, 2, 7), read(3, 4, null)]],
    ['a value from nowhere', [write(1, 2, 7), read(3, 4, 9)]],
    ['a read of the future', [read(1, 2, 7), write(3, 4, 7)]],
    ['back again', [write(1, 2, 7), write(3, 9, 8), read(4, 5, 8), read(6, 7, 7)]],
    ['two readers disagree on the order', [write(1, 9, 7), write(1, 9, 8), read(10, 11, 7), read(12, 13, 8)]],
    ['an open write is undone', [write(1, 2, 7), write(3, OPEN, 8), read(4, 5, 8), read(6, 7, 7)]],
    ['two swaps of one value', [write(1, 2, 7), cas(3, 9, 7, 8), cas(4, 8, 7, 9)]],
    ['an open write is read before it was called', [read(1, 2, 7), write(3, OPEN, 7)]],
    ['a swap that could not have found its value', [write(1, 2, 7), cas(3, 4, 6, 8)]],
  ])('not: %s', (_, calls) => {
    expect(judgeRegister(calls)).toBe('impossible')
    expect(search(calls, REGISTER_MODEL).verdict).toBe('impossible')
  })
})

describe('a list', () => {
  test.each<[string, readonly Call<ListAction>[]]>([
    ['appends in order', [append(1, 2, 7), append(3, 4, 8), list(5, 6, 7, 8)]],
    ['appends at the same time in either order', [append(1, 9, 7), append(2, 8, 8), list(10, 11, 8, 7)]],
    [
      'an open append in the middle',
      [append(1, OPEN, 7), append(2, 3, 8), list(4, 5, 8), append(6, 7, 9), list(8, 9, 8, 7, 9)],
    ],
    ['nobody looks', [append(1, 2, 7), append(3, OPEN, 8)]],
    ['the last reads come before the last appends', [append(1, 2, 7), list(3, 4, 7), append(5, 6, 8)]],
  ])('%s', (_, calls) => {
    expect(judgeList(calls)).toBe('linearizable')
    expect(search(calls, LIST_MODEL).verdict).toBe('linearizable')
  })

  test.each<[string, readonly Call<ListAction>[]]>([
    ['lost', [append(1, 2, 7), append(3, 4, 8), list(5, 6, 8)]],
    ['reordered', [append(1, 2, 7), append(3, 4, 8), list(5, 6, 8, 7)]],
    ['applied twice', [append(1, 2, 7), list(5, 6, 7, 7)]],
    ['stale', [append(1, 2, 7), list(3, 4)]],
    ['two histories', [append(1, 9, 7), append(2, 8, 8), list(10, 11, 8, 7), list(12, 13, 7, 8)]],
    ['from nowhere', [append(1, 2, 7), list(3, 4, 7, 9)]],
    ['lost behind the last read that saw it', [append(1, 2, 7), append(3, 4, 8), list(5, 6, 7, 8), list(7, 8, 7)]],
    ['an open append was seen and is gone', [append(1, OPEN, 7), list(2, 3, 7), list(4, 5)]],
  ])('not: %s', (_, calls) => {
    expect(judgeList(calls)).toBe('impossible')
    expect(search(calls, LIST_MODEL).verdict).toBe('impossible')
  })
})

/** Random small histories, good and bad, against the plain search through all orders. fast-check prints the seed of a failure. */
describe('agrees with trying every order', () => {
  const RUNS = 4_000
  const span = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 6 }), fc.boolean())
  const at = ([start, length, open]: readonly [number, number, boolean], mayStayOpen: boolean) => ({
    start,
    end: open && mayStayOpen ? OPEN : start + length,
  })
  const value = fc.integer({ min: 1, max: 4 })

  const registerCalls = fc
    .array(fc.tuple(span, fc.constantFrom('write', 'cas', 'read'), value, value), { maxLength: 6 })
    .map((raw) =>
      raw.map(([when, f, one, other], index): Call<RegisterAction> => {
        const { start, end } = at(when, f !== 'read')
        // Unique values for most: the position makes them so.
        if (f === 'write') return write(start, end, other === 4 ? one : 10 + index)
        if (f === 'cas') return cas(start, end, one > 2 ? 10 + one : one, other === 4 ? one : 10 + index)
        return read(start, end, other === 4 ? null : one > 3 ? one : 9 + one)
      }),
    )
  const listCalls = fc
    .array(fc.tuple(span, fc.boolean(), fc.nat(3), fc.shuffledSubarray([10, 11, 12, 13])), { maxLength: 7 })
    .map((raw) =>
      raw.map(([when, isAppend, length, values], index): Call<ListAction> => {
        const { start, end } = at(when, isAppend)
        return isAppend ? append(start, end, 10 + index) : list(start, end, ...values.slice(0, length))
      }),
    )

  test('registers', () => {
    const verdicts = { linearizable: 0, impossible: 0, 'gave up': 0 }
    fc.assert(
      fc.property(registerCalls, (calls) => {
        const expected = isLinearizable(calls, REGISTER_MODEL) ? 'linearizable' : 'impossible'
        verdicts[expected] += 1
        expect(search(calls, REGISTER_MODEL).verdict).toBe(expected)
        expect(judgeRegister(calls)).toBe(expected)
      }),
      { numRuns: RUNS },
    )
    expect(Math.min(verdicts.linearizable, verdicts.impossible)).toBeGreaterThan(RUNS / 20)
  })

  test('lists', () => {
    const verdicts = { linearizable: 0, impossible: 0, 'gave up': 0 }
    fc.assert(
      fc.property(listCalls, (calls) => {
        const expected = isLinearizable(calls, LIST_MODEL) ? 'linearizable' : 'impossible'
        verdicts[expected] += 1
        expect(search(calls, LIST_MODEL).verdict).toBe(expected)
        expect(judgeList(calls)).toBe(expected)
      }),
      { numRuns: RUNS },
    )
    expect(Math.min(verdicts.linearizable, verdicts.impossible)).toBeGreaterThan(RUNS / 20)
  })
})

describe('long histories', () => {
  /** Ten clients at once, each call takes effect somewhere within its span; every tenth write stays open. */
  const registerHistory = (length: number): Call<RegisterAction>[] => {
    let value: number | null = null
    return Array.from({ length }, (_, at) => {
      if (at % 3 === 1) return read(at * 10 - 45, at * 10 + 45, value)
      value = at
      return write(at * 10 - 45, at % 10 === 0 ? OPEN : at * 10 + 45, at)
    })
  }

  test('five thousand calls of one register, hundreds of them open', () => {
    const calls = registerHistory(5_000)
    expect(judgeRegister(calls)).toBe('linearizable')
    const spoilt = calls.map((call, at) => (at === 4_900 ? read(call.start, call.end, 3) : call))
    expect(judgeRegister(spoilt)).toBe('impossible')
  })

  test('three thousand appends and a thousand reads of one list', () => {
    const calls: Call<ListAction>[] = []
    const values: number[] = []
    for (let at = 0; at < 4_000; at += 1) {
      if (at % 4 === 3) calls.push(list(at * 10 - 45, at * 10 + 45, ...values))
      else {
        values.push(at)
        calls.push(append(at * 10 - 45, at % 20 === 0 ? OPEN : at * 10 + 45, at))
      }
    }
    expect(judgeList(calls)).toBe('linearizable')
    expect(judgeList([...calls, list(40_100, 40_200, ...values.slice(0, -20))])).toBe('impossible')
  })

  test('a search that takes too long says so, and that is no pass', () => {
    const open = Array.from({ length: 30 }, (_, at) => write(0, OPEN, at % 2))
    const calls = [...open, read(100, 101, 0), read(102, 103, 1), read(104, 105, 7)]
    expect(search(calls, REGISTER_MODEL, 10_000)).toEqual({ verdict: 'gave up', steps: 10_000 })
  })

  test('what is wrong is named, with what went before', () => {
    const result = search([write(1, 2, 7), write(3, 4, 8), read(5, 6, 7)], REGISTER_MODEL)
    expect(result).toMatchObject({ verdict: 'impossible', stuck: { action: { f: 'read', value: 7 } }, state: '8' })
    expect(result.verdict === 'impossible' && result.order).toHaveLength(2)
  })
})
