import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Logger } from '@dbcluster/protocol'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  createFileExclusive,
  createLogger,
  deriveKey,
  freeBytes,
  loadNetworkKey,
  loadOrCreateIdentity,
  loadOrCreateKeys,
  type NetworkKeys,
  type RotationStep,
  rotateKey,
  writeFileAtomic,
} from '../src/index.js'

let home = ''
let logged: PassThrough
let logger: Logger
const log = (): string => String(logged.read() ?? '')
const mode = (file: string): number => statSync(file).mode & 0o777

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dbcluster-runtime-'))
  logged = new PassThrough()
  logger = createLogger({ destination: logged })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe('an identity', () => {
  test('is made once and is the same from then on, for its owner alone', async () => {
    const file = join(home, 'keys', 'identity.key')
    const first = await loadOrCreateIdentity(file, logger)
    const second = await loadOrCreateIdentity(file, logger)
    expect(first).toMatchObject({ created: true, peerId: expect.stringMatching(/^12D3KooW/) })
    expect(second).toEqual({ ...first, created: false })
    expect([mode(file), mode(join(home, 'keys'))]).toEqual([0o600, 0o700])
    expect(readdirSync(join(home, 'keys'))).toEqual(['identity.key'])
  })

  test('is one even when it is made many times at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateIdentity(join(home, 'id'), logger)))
    expect(new Set(all.map(({ peerId }) => peerId)).size).toBe(1)
    expect(all.filter(({ created }) => created)).toHaveLength(1)
  })

  test('that is damaged is told and kept', async () => {
    writeFileSync(join(home, 'id'), 'bm9uc2Vuc2U=\n', { mode: 0o600 })
    await expect(loadOrCreateIdentity(join(home, 'id'), logger)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    expect(readFileSync(join(home, 'id'), 'utf8')).toBe('bm9uc2Vuc2U=\n')
  })
})

describe('the keys of a network', () => {
  const init = (more: Partial<Parameters<typeof loadOrCreateKeys>[0]> = {}) => ({
    networkKeyFile: join(home, 'keys', 'network.key'),
    clusterKeyFile: join(home, 'keys', 'cluster.key'),
    bootstrapPeers: [],
    firstStart: true,
    logger,
    ...more,
  })

  test('are made by a founder at its first start, which tells where they are and never what', async () => {
    const made = await loadOrCreateKeys(init())
    const text = log()
    expect(text).toMatch(/copy both files .*network_key_file=\S+network\.key cluster_key_file=\S+cluster\.key/)
    expect(text).not.toContain(Buffer.from(made.clusterKey).toString('hex'))
    expect(readFileSync(join(home, 'keys', 'network.key'), 'utf8')).toMatch(
      /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}\n$/,
    )
    expect(mode(join(home, 'keys', 'cluster.key'))).toBe(0o600)
    expect(await loadOrCreateKeys(init({ firstStart: false }))).toEqual(made)
    expect(await loadNetworkKey(join(home, 'keys', 'network.key'), logger)).toEqual(made.networkKey)
  })

  test.each([
    [
      'a node that joins',
      { bootstrapPeers: ['/ip4/127.0.0.1/tcp/1/p2p/x'] },
      /network\.key and .*cluster\.key.*bootstrap peers/,
    ],
    ['a node that has run before', { firstStart: false }, /has run before/],
  ])('are never made by %s', async (_who, more, words) => {
    const refusal = loadOrCreateKeys(init(more))
    await expect(refusal).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringMatching(words),
      hint: expect.stringContaining('dbcluster keys'),
    })
    expect(readdirSync(home)).toEqual([])
  })

  test('are not completed when one of them is missing', async () => {
    await loadOrCreateKeys(init())
    rmSync(join(home, 'keys', 'cluster.key'))
    await expect(loadOrCreateKeys(init())).rejects.toMatchObject({
      code: 'KEY_MISSING',
      details: { files: [join(home, 'keys', 'cluster.key')] },
    })
  })

  test.each(['network.key', 'cluster.key'])(
    'that are damaged (%s) are told by file, without their content',
    async (name) => {
      await loadOrCreateKeys(init())
      writeFileSync(join(home, 'keys', name), 'f00d'.repeat(9))
      const error = await loadOrCreateKeys(init()).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'KEY_INVALID', message: expect.stringContaining(name) })
      expect(String((error as Error).message)).not.toContain('f00d')
    },
  )

  test('that others may read are closed to them, with a warning', async () => {
    const made = await loadOrCreateKeys(init())
    const file = join(home, 'keys', 'network.key')
    chmodSync(file, 0o644)
    expect(await loadOrCreateKeys(init())).toEqual(made)
    expect(mode(file)).toBe(0o600)
    expect(log()).toMatch(/WARN A key file was open to other users.*was=0644/)
  })

  test('accepted during an exchange lie beside the current ones, the coming before the previous', async () => {
    await loadOrCreateKeys(init())
    const file = join(home, 'keys', 'cluster.key')
    writeFileSync(`${file}.previous`, `${'aa'.repeat(32)}\n`, { mode: 0o600 })
    writeFileSync(`${file}.next`, `${'bb'.repeat(32)}\n`, { mode: 0o600 })
    const keys = await loadOrCreateKeys(init({ firstStart: false }))
    expect(keys.acceptedClusterKeys.map((key) => key[0])).toEqual([0xbb, 0xaa])
    expect(keys.acceptedNetworkKeys).toEqual([])
    writeFileSync(`${file}.next`, 'f00d')
    await expect(loadOrCreateKeys(init({ firstStart: false }))).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringContaining('cluster.key.next'),
    })
  })

  test('a gateway without network key is told which file it looked for', async () => {
    await expect(loadNetworkKey(join(home, 'n.key'), logger)).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining('n.key'),
    })
  })
})

describe('exchanging a key', () => {
  const init = (step: RotationStep, which: 'network' | 'cluster' = 'cluster') => ({
    which,
    step,
    file: join(home, 'keys', `${which}.key`),
    logger,
  })
  const load = () =>
    loadOrCreateKeys({
      networkKeyFile: join(home, 'keys', 'network.key'),
      clusterKeyFile: join(home, 'keys', 'cluster.key'),
      bootstrapPeers: [],
      firstStart: true,
      logger,
    })

  test.each(['network', 'cluster'] as const)(
    'of the %s takes three steps, each of which may be repeated',
    async (which) => {
      const pick = (keys: NetworkKeys) =>
        which === 'network'
          ? [keys.networkKey, ...keys.acceptedNetworkKeys]
          : [keys.clusterKey, ...keys.acceptedClusterKeys]
      const [old] = pick(await load())
      for (const times of [1, 2]) expect([times, await rotateKey(init('prepare', which))]).toHaveLength(2)
      const [still, coming] = pick(await load())
      expect(still).toEqual(old)
      for (const times of [1, 2]) expect([times, await rotateKey(init('switch', which))]).toHaveLength(2)
      expect(pick(await load())).toEqual([coming, old])
      await expect(rotateKey(init('prepare', which))).rejects.toMatchObject({ code: 'CONFLICT' })
      for (const times of [1, 2]) expect([times, await rotateKey(init('finish', which))]).toHaveLength(2)
      expect(pick(await load())).toEqual([coming])
      expect(readdirSync(join(home, 'keys')).sort()).toEqual(['cluster.key', 'network.key'])
      expect(mode(join(home, 'keys', `${which}.key`))).toBe(0o600)
    },
  )

  test.each(['switch', 'finish'] as const)('never leaves a step out: %s', async (step) => {
    if (step === 'switch') await load()
    else {
      await load()
      await rotateKey(init('prepare'))
    }
    const before = await load()
    await expect(rotateKey(init(step))).rejects.toMatchObject({ code: 'KEY_MISSING' })
    expect(await load()).toEqual(before)
  })
})

describe('a derived key', () => {
  const key = new Uint8Array(32).fill(7)

  test('is the one of RFC 5869 with an empty salt, the same everywhere', () => {
    expect(Buffer.from(deriveKey(key, 'dbcluster/test/1', 32)).toString('hex')).toBe(
      '71b01d1f08724bb5ace0163be609845ccf5e436238501aa5d7bd7336d16c2f56',
    )
  })

  test('differs by purpose and by cluster key', () => {
    const made = [deriveKey(key, 'dbcluster/a/1', 32), deriveKey(key, 'dbcluster/b/1', 32)]
    made.push(deriveKey(new Uint8Array(32).fill(8), 'dbcluster/a/1', 32), key)
    expect(new Set(made.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(4)
  })

  test.each([0, 15, 65, 16.5])('of %p bytes is refused', (bytes) => {
    expect(() => deriveKey(key, 'dbcluster/test/1', bytes)).toThrow(RangeError)
  })
})

describe('files', () => {
  test('are replaced as a whole, and made only where there is none', async () => {
    const file = join(home, 'a', 'b.json')
    await writeFileAtomic(file, 'one')
    await writeFileAtomic(file, 'two', { mode: 0o644 })
    expect([readFileSync(file, 'utf8'), mode(file)]).toEqual(['two', 0o644])
    expect(await createFileExclusive(file, 'three')).toBe(false)
    expect(readFileSync(file, 'utf8')).toBe('two')
    expect(readdirSync(join(home, 'a'))).toEqual(['b.json'])
  })

  test('the free space of a directory is known', async () => {
    expect(await freeBytes(home)).toBeGreaterThan(0)
    await expect(freeBytes(join(home, 'none'))).rejects.toThrow('ENOENT')
  })
})
