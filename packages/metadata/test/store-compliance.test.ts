import { describe, expect, test } from '@jest/globals'
import { createMemoryDisk, createMemoryStore, type KeyValueStore, openStore, PENDING_WRITES_MAX } from '../src/index.js'
import { withDirectory } from './temporary-directory.js'

/** Gives a test a way to open one and the same store again and again. */
type Harness = (body: (open: () => Promise<KeyValueStore>) => Promise<void>) => Promise<void>

const harnesses: readonly (readonly [string, Harness])[] = [
  [
    'memory',
    async (body) => {
      const disk = createMemoryDisk('00000000000000aa')
      await body(async () => createMemoryStore(disk))
    },
  ],
  [
    'LevelDB',
    (body) =>
      withDirectory(async (directory) => {
        const opened: KeyValueStore[] = []
        const open = async (): Promise<KeyValueStore> => {
          const store = await openStore(directory)
          opened.push(store)
          return store
        }
        try {
          await body(open)
        } finally {
          await Promise.all(opened.map((store) => store.close()))
        }
      }),
  ],
]

describe.each(harnesses)('a store in %s', (_, harness) => {
  test('is empty at first and has an incarnation that stays', () =>
    harness(async (open) => {
      const store = await open()
      expect(await store.entries('')).toEqual([])
      expect(store.incarnation).toMatch(/^[0-9a-f]{16}$/)
      await store.close()
      expect((await open()).incarnation).toBe(store.incarnation)
    }))

  test('gives back what was written, after a restart too', () =>
    harness(async (open) => {
      const store = await open()
      const value = {
        text: 'é',
        list: [1, null, true],
        bytes: new Uint8Array([1, 2]),
        big: 2n ** 60n,
        absent: undefined,
      }
      await store.write([
        { key: 'b/2', value },
        { key: 'b/1', value: 0 },
        { key: 'a', value: null },
        { key: 'b', value: '' },
      ])
      const { absent: __, ...read } = value
      const expected = [
        ['b/1', 0],
        ['b/2', read],
      ]
      expect(await store.entries('b/')).toEqual(expected)
      await store.close()
      const again = await open()
      expect(await again.entries('b/')).toEqual(expected)
      expect((await again.entries('')).map(([key]) => key)).toEqual(['a', 'b', 'b/1', 'b/2'])
    }))

  test('replaces and deletes; within a batch the last change of a key wins', () =>
    harness(async (open) => {
      const store = await open()
      await store.write([
        { key: 'x', value: 1 },
        { key: 'y', value: 1 },
      ])
      await store.write([
        { key: 'x', value: undefined },
        { key: 'y', value: 2 },
        { key: 'y', value: 3 },
        { key: 'never-there', value: undefined },
      ])
      await store.write([])
      expect(await store.entries('')).toEqual([['y', 3]])
      await store.close()
      expect(await (await open()).entries('')).toEqual([['y', 3]])
    }))

  test('keeps the order of concurrent writes and what was in a value when it was handed over', () =>
    harness(async (open) => {
      const store = await open()
      const value = { count: 0 }
      const writes: Promise<void>[] = []
      for (let count = 1; count <= 50; count += 1) {
        value.count = count
        writes.push(
          store.write([
            { key: 'last', value },
            { key: `k${String(count).padStart(2, '0')}`, value: count },
          ]),
        )
      }
      value.count = -1
      await Promise.all(writes)
      expect(await store.entries('last')).toEqual([['last', { count: 50 }]])
      expect(await store.entries('k')).toHaveLength(50)
    }))

  test('a batch that cannot be written changes nothing and harms no other', () =>
    harness(async (open) => {
      const store = await open()
      const bad = [
        { key: 'good', value: 1 },
        { key: 'meta/incarnation', value: 'mine' },
      ]
      await expect(store.write(bad)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      await expect(store.write([{ key: '', value: 1 }])).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      const tooMany = Array.from({ length: PENDING_WRITES_MAX + 1 }, () => ({ key: 'x', value: 1 }))
      await expect(store.write(tooMany)).rejects.toMatchObject({ code: 'OVERLOADED' })
      await store.write([{ key: 'fine', value: 1 }])
      expect(await store.entries('')).toEqual([['fine', 1]])
    }))

  test('close finishes what was begun and refuses what comes later; twice is once', () =>
    harness(async (open) => {
      const store = await open()
      const write = store.write([{ key: 'x', value: 1 }])
      await Promise.all([store.close(), store.close()])
      await write
      await expect(store.write([{ key: 'y', value: 1 }])).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
      expect(await (await open()).entries('')).toEqual([['x', 1]])
    }))
})
