import { expect, test } from '@jest/globals'
import { RebuildBudget } from '../src/host/rebuild-budget.js'

test('a replica is rebuilt three times in ten minutes at most, each database for itself', () => {
  let nowMs = 0
  const budget = new RebuildBudget(() => nowMs)
  const take = (name: string): readonly boolean[] => Array.from({ length: 4 }, () => budget.take(name))
  expect(take('a')).toEqual([true, true, true, false])
  expect(take('b')).toEqual([true, true, true, false])
  nowMs = 599_999
  expect(budget.take('a')).toBe(false)
  nowMs = 600_001
  expect(take('a')).toEqual([true, true, true, false])
  budget.forget('a')
  expect(budget.take('a')).toBe(true)
})
