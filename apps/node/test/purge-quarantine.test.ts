import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { keepQuarantinePurged, openWithRoom } from '../src/purge-quarantine.js'

const MINUTE_MS = 60_000
const nothing = (): void => undefined
const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }

let dataDir: string
let end: () => void = () => undefined
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'dbcluster-purge-'))
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
})
afterEach(() => {
  end()
  jest.useRealTimers()
  rmSync(dataDir, { recursive: true, force: true })
})

/** A directory that was set aside this long ago. */
const setAside = (agoMs: number): string => {
  const stamp = new Date(Date.now() - agoMs).toISOString().replaceAll(/[:.]/g, '-')
  const path = join(dataDir, 'quarantine', `app_users.${stamp}.0a1b2c`)
  mkdirSync(path, { recursive: true })
  return path
}

/** Resolves when a deletion was told. */
const keepPurged = (retentionMs: number): Promise<void> =>
  new Promise((resolve) => {
    const logger = { info: () => resolve(), warn: () => undefined } as unknown as Logger
    end = keepQuarantinePurged(dataDir, { retentionMs, logger })
  })

describe('what is in quarantine', () => {
  test('is deleted when the node starts, if it was kept for as long as it is to be', async () => {
    const [old, recent] = [setAside(4 * MINUTE_MS), setAside(MINUTE_MS)]
    await keepPurged(3 * MINUTE_MS)
    expect([existsSync(old), existsSync(recent)]).toEqual([false, true])
  })

  test('is deleted soon after that while the node runs, also with a retention far below an hour', async () => {
    const recent = setAside(MINUTE_MS)
    const deleted = keepPurged(3 * MINUTE_MS)
    jest.advanceTimersByTime(3 * MINUTE_MS)
    await deleted
    expect(existsSync(recent)).toBe(false)
  })

  test('is kept for good with a retention of 0', () => {
    void keepPurged(0)
    expect(jest.getTimerCount()).toBe(0)
  })

  test('makes room for the store, where that finds none to open', async () => {
    const [old, recent] = [setAside(4 * MINUTE_MS), setAside(MINUTE_MS)]
    const full = new DbClusterError('STORE_WRITE_FAILED', 'the disk is full')
    const open = async (): Promise<string> => {
      if (existsSync(old)) throw full
      return 'store'
    }
    const init = { retentionMs: 3 * MINUTE_MS, logger: SILENT }
    expect(await openWithRoom(open, dataDir, init)).toBe('store')
    expect(existsSync(recent)).toBe(true)
    const broken = new DbClusterError('STORE_CORRUPT', 'it cannot be read')
    const [kept] = [setAside(4 * MINUTE_MS)]
    await expect(openWithRoom(() => Promise.reject(broken), dataDir, init)).rejects.toBe(broken)
    expect(existsSync(kept)).toBe(true)
  })
})
