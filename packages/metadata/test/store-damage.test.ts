import { hash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openStore, type StoreEntry, type StoreWrite } from '../src/index.js'
import { withDirectory } from './temporary-directory.js'

/** A state of the store that was acknowledged, and how long LevelDB's log was then. */
interface Acknowledged {
  readonly entries: readonly StoreEntry[]
  readonly logBytes: number
}

const logFile = async (directory: string): Promise<string> => {
  const names = await readdir(join(directory, 'level'))
  return join(
    directory,
    'level',
    names
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) ?? 'none',
  )
}

/** Random batches over few keys, from a seed: overwrites, deletions, and values longer than a block of the log. */
const batches = (seed: number, count: number): readonly (readonly StoreWrite[])[] =>
  fc.sample(
    fc.array(
      fc.record({
        key: fc.nat({ max: 20 }).map((number) => `k${number}`),
        value: fc.oneof(
          fc.nat(),
          fc.constant(undefined),
          fc.nat({ max: 45_000 }).map((length) => 'v'.repeat(length)),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    { seed, numRuns: count },
  )

/** Writes batch after batch without ever closing, as a process that is killed would leave it; then copies. */
const writeAndCopy = async (from: string, to: string, seed: number): Promise<readonly Acknowledged[]> => {
  const store = await openStore(from)
  const history: Acknowledged[] = [{ entries: [], logBytes: (await stat(await logFile(from))).size }]
  try {
    for (const batch of batches(seed, 40)) {
      await store.write(batch)
      history.push({ entries: await store.entries(''), logBytes: (await stat(await logFile(from))).size })
    }
    await cp(from, to, { recursive: true })
  } finally {
    await store.close()
  }
  return history
}

const flip = async (file: string, at: number): Promise<void> => {
  const bytes = await readFile(file)
  expect(at).toBeLessThan(bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ 4
  await writeFile(file, bytes)
}

/** 10,000 bytes that don't compress, so that each bit of them matters. */
const noise = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 10_000 }, (_, at) => hash('sha256', `${seed}/${at}`, 'buffer')[0] ?? 0)

const SEED = 20_261_122

describe('a torn write', () => {
  test('loses nothing that was acknowledged before, wherever the log is cut', () =>
    withDirectory(async (root) => {
      const history = await writeAndCopy(join(root, 'store'), join(root, 'killed'), SEED)
      const first = history[0]?.logBytes ?? 0
      const last = history.at(-1)?.logBytes ?? 0
      expect(last).toBeGreaterThan(first + 200_000)
      const cuts = [
        ...fc.sample(fc.integer({ min: first, max: last }), { seed: SEED, numRuns: 30 }),
        ...history.slice(-10).flatMap(({ logBytes }) => [logBytes - 1, logBytes, logBytes + 1]),
      ]
      for (const cut of cuts) {
        const torn = join(root, 'torn')
        await cp(join(root, 'killed'), torn, { recursive: true })
        await truncate(await logFile(torn), Math.min(cut, last))
        const store = await openStore(torn)
        const kept = history.filter(({ logBytes }) => logBytes <= cut).at(-1)
        expect({ cut, entries: await store.entries('') }).toEqual({ cut, entries: kept?.entries })
        await store.write([{ key: 'after', value: cut }])
        await store.close()
        await rm(torn, { recursive: true })
      }
    }))

  test('of the very first start leaves no store, and the next start makes one', () =>
    withDirectory(async (root) => {
      const whole = await openStore(join(root, 'whole'))
      await whole.close()
      await mkdir(join(root, 'half'))
      await cp(join(root, 'whole', 'level'), join(root, 'half', 'level.new'), { recursive: true })
      await rm(join(root, 'half', 'level.new', 'CURRENT'))
      const store = await openStore(join(root, 'half'))
      expect(store.incarnation).not.toBe(whole.incarnation)
      await store.close()
      expect(await readdir(join(root, 'half'))).toEqual(['level'])
    }))
})

describe('a damaged store', () => {
  const expectRefused = async (directory: string): Promise<void> =>
    expect(openStore(directory).then((store) => store.close())).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining(join(directory, 'level')),
      hint: expect.stringContaining('aside'),
    })

  const filledStore = async (directory: string): Promise<string> => {
    const store = await openStore(directory)
    for (let at = 0; at < 20; at += 1) await store.write([{ key: `k${at}`, value: noise(at) }])
    await store.close()
    await (await openStore(directory)).close() // Moves the log into a table file.
    return join(directory, 'level')
  }

  test.each(['CURRENT', 'MANIFEST', '.ldb'])('without its %s file is refused, never taken for empty', (part) =>
    withDirectory(async (directory) => {
      const level = await filledStore(directory)
      const lost = (await readdir(level)).filter((name) => name.includes(part))
      expect(lost).not.toEqual([])
      for (const name of lost) await rm(join(level, name))
      await expectRefused(directory)
      await expectRefused(directory)
    }),
  )

  test('an emptied directory is refused', () =>
    withDirectory(async (directory) => {
      const level = await filledStore(directory)
      await rm(level, { recursive: true })
      await mkdir(level)
      await expectRefused(directory)
    }))

  test('a flipped bit anywhere in a table file is refused', () =>
    withDirectory(async (root) => {
      const level = await filledStore(join(root, 'store'))
      const sizes = await Promise.all(
        (await readdir(level)).map(async (name) => ({ name, size: (await stat(join(level, name))).size })),
      )
      const table = sizes.filter(({ name }) => name.endsWith('.ldb')).sort((x, y) => y.size - x.size)[0]
      for (const share of [0.05, 0.3, 0.5, 0.8]) {
        const copy = join(root, `copy-${share}`)
        await cp(join(root, 'store'), copy, { recursive: true })
        await flip(join(copy, 'level', table?.name ?? 'none'), Math.floor((table?.size ?? 0) * share))
        await expectRefused(copy)
      }
    }))

  test('a stretch missing from the middle of the log, which LevelDB skips silently, is refused', () =>
    withDirectory(async (directory) => {
      const store = await openStore(directory)
      for (let at = 0; at < 20; at += 1) await store.write([{ key: `k${at}`, value: 'x'.repeat(10_000) }])
      const log = await logFile(directory)
      await store.close()
      await flip(log, 100_000)
      await expectRefused(directory)
      await expectRefused(directory)
    }))

  test('a flipped bit anywhere in the log never shows a state that was not once acknowledged', () =>
    withDirectory(async (root) => {
      const history = await writeAndCopy(join(root, 'store'), join(root, 'killed'), SEED + 1)
      const states = new Set(history.map(({ entries }) => JSON.stringify(entries)))
      const last = history.at(-1)?.logBytes ?? 0
      let refused = 0
      for (const at of fc.sample(fc.nat({ max: last - 1 }), { seed: SEED, numRuns: 15 })) {
        const copy = join(root, 'copy')
        await cp(join(root, 'killed'), copy, { recursive: true })
        await flip(await logFile(copy), at)
        const entries = await openStore(copy).then(
          async (store) => store.entries('').finally(() => store.close()),
          (error: { code: string }) => error.code,
        )
        if (entries === 'STORE_CORRUPT') refused += 1
        else expect({ at, known: states.has(JSON.stringify(entries)) }).toEqual({ at, known: true })
        await rm(copy, { recursive: true })
      }
      expect(refused).toBeGreaterThan(0)
    }))

  test('that another process has open is locked, not corrupt', () =>
    withDirectory(async (directory) => {
      const store = await openStore(directory)
      try {
        await expect(openStore(directory)).rejects.toMatchObject({
          code: 'DATA_DIR_LOCKED',
          message: expect.stringContaining(directory),
        })
      } finally {
        await store.close()
      }
    }))
})
