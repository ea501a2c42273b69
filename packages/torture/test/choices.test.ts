import { DbClusterError } from '@dbcluster/client'
import { describe, expect, test } from '@jest/globals'
import { readArguments } from '../src/arguments.js'
import { writtenValue } from '../src/check/reads.js'
import { Random } from '../src/random.js'
import { Choices } from '../src/workload/choices.js'
import { outcomeOf } from '../src/workload/outcome.js'

const chosen = (seed: number, count: number) => {
  const choices = new Choices({ databases: ['a', 'b'], accounts: 3, banks: 2, share: () => 0.9 })
  const random = new Random(seed)
  const invocations = Array.from({ length: count }, () => choices.next(random, random.pick(['a', 'b'])))
  return { choices, invocations }
}

describe('what clients do', () => {
  test('follows from the seed', () => {
    expect(chosen(7, 500).invocations).toEqual(chosen(7, 500).invocations)
    expect(chosen(7, 500).invocations).not.toEqual(chosen(8, 500).invocations)
  })

  test('writes no value twice, uses every kind of operation and level, and leaves keys behind', () => {
    const { choices, invocations } = chosen(1, 8_000)
    const values = invocations.flatMap((one) => writtenValue(one) ?? [])
    expect(new Set(values).size).toBe(values.length)
    // All but swaps, which build on what was seen.
    expect(new Set(invocations.map(({ f }) => f)).size).toBe(7)
    expect(new Set(invocations.flatMap((one) => ('level' in one ? [one.level] : []))).size).toBe(4)
    const writes = new Map<string, number>()
    for (const { f, key } of invocations) if (f === 'list.append') writes.set(key, (writes.get(key) ?? 0) + 1)
    expect(writes.size).toBeGreaterThan(4)
    expect(Math.max(...writes.values())).toBe(250)
    const everything = new Set(choices.everything.map(({ key }) => key))
    expect(invocations.filter(({ key }) => !everything.has(key))).toEqual([])
  })

  test('moves money between different accounts of the bank whose turn it is', () => {
    for (const one of chosen(3, 500).invocations) {
      if (one.f === 'bank.transfer') expect(one.value.from).not.toBe(one.value.to)
      if (one.f.startsWith('bank.')) expect(one.key).toMatch(/bank1$/)
    }
  })
})

describe('an error', () => {
  const write = { f: 'list.append', key: 'd/list', value: 1 } as const
  const read = { f: 'list.read', key: 'd/list', level: 'weak' } as const

  test.each([
    ['OUTCOME_UNKNOWN', 'info'],
    ['CANCELLED', 'info'],
    ['INTERNAL', 'info'],
    ['NO_LEADER', 'fail'],
    ['NODE_UNREACHABLE', 'fail'],
    ['TIMEOUT', 'fail'],
    ['ASSERTION_FAILED', 'fail'],
  ] as const)('%s of a write ends it as %s', (code, type) => {
    expect(outcomeOf(write, new DbClusterError(code, 'for a reason'))).toEqual({
      type,
      error: code,
      text: 'for a reason',
    })
    expect(outcomeOf(read, new DbClusterError(code, '')).type).toBe('fail')
  })

  test('that is none of ours says nothing', () => {
    expect(outcomeOf(write, new TypeError('fetch failed'))).toMatchObject({ type: 'info', error: 'NOT_OURS' })
  })
})

test('arguments', () => {
  const noSeed = (): number => 5
  expect(readArguments(['--', '--minutes', '0.5'], noSeed)).toMatchObject({ command: 'run', minutes: 0.5, seed: 5 })
  expect(readArguments(['check', 'file'], noSeed)).toEqual({ command: 'check', file: 'file' })
  expect(() => readArguments(['--minutes', 'x'], noSeed)).toThrow('--minutes x')
  expect(() => readArguments(['--seed', '1.5'], noSeed)).toThrow('--seed 1.5')
  expect(() => readArguments(['check'], noSeed)).toThrow('check is not known')
})
