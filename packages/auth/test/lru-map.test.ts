import { expect, test } from '@jest/globals'
import { LruMap } from '../src/lru-map.js'

test('at its bound, the entry that was not asked for the longest makes room', () => {
  const map = new LruMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  expect(map.get('a')).toBe(1)
  map.set('c', 3)
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3])
  map.set('c', 4)
  expect([map.get('a'), map.get('c')]).toEqual([1, 4])
  map.delete('a')
  expect(map.get('a')).toBeUndefined()
})
