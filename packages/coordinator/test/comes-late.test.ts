import { describe, expect, test } from '@jest/globals'
import { comesLate } from '../src/core/life/comes-late.js'

const IDS = ['one', 'two', 'three', 'four', 'five']

describe('replicas that wake among many', () => {
  test.each([1, 2, 3, 4, 5])('of a database with %i, a majority comes first', (count) => {
    const ids = IDS.slice(0, count)
    for (const name of ['a', 'app_users', 'app_orders']) {
      const late = ids.filter((id) => comesLate(name, ids, id))
      expect(late).toHaveLength(count - (Math.floor(count / 2) + 1))
    }
  })

  test('come in the same order on all nodes, in whatever order they know them', () => {
    for (const id of IDS) expect(comesLate('app_users', [...IDS].reverse(), id)).toBe(comesLate('app_users', IDS, id))
  })

  test('are others for other names', () => {
    const last = new Set(
      ['a', 'b', 'c'].map((name) => IDS.slice(0, 3).find((id) => comesLate(name, IDS.slice(0, 3), id))),
    )
    expect(last.size).toBe(3)
  })

  test('come first where a placement does not hold them', () => {
    expect(comesLate('app_users', IDS, 'newcomer')).toBe(false)
  })
})
