import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { purgeQuarantine, setAside } from '../src/host/quarantine.js'

const DAY_MS = 86_400_000

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'dbcluster-quarantine-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const setAsideOne = async (): Promise<string> => {
  await mkdir(join(dataDir, 'app_users'))
  await writeFile(join(dataDir, 'app_users', 'db.sqlite'), 'rows')
  const kept = await setAside(dataDir, 'app_users')
  if (kept === undefined) throw new Error('nothing was set aside')
  return kept
}

describe('quarantine', () => {
  test('keeps what was set aside, as it was', async () => {
    const kept = await setAsideOne()
    expect(existsSync(join(dataDir, 'app_users'))).toBe(false)
    expect(existsSync(join(kept, 'db.sqlite'))).toBe(true)
    expect(await setAside(dataDir, 'app_users')).toBeUndefined()
  })

  test('is purged of what is older than its retention, and of nothing else', async () => {
    const kept = await setAsideOne()
    await mkdir(join(dataDir, 'quarantine', 'notes-of-the-operator'))
    const retentionMs = 7 * DAY_MS
    expect(await purgeQuarantine(dataDir, { retentionMs, nowMs: Date.now() + 6 * DAY_MS })).toEqual([])
    expect(existsSync(kept)).toBe(true)
    const purged = await purgeQuarantine(dataDir, { retentionMs, nowMs: Date.now() + 8 * DAY_MS })
    expect(purged).toHaveLength(1)
    expect(existsSync(kept)).toBe(false)
    expect(existsSync(join(dataDir, 'quarantine', 'notes-of-the-operator'))).toBe(true)
  })

  test('that is not there is no error', async () => {
    expect(await purgeQuarantine(dataDir, { retentionMs: 0, nowMs: Date.now() })).toEqual([])
  })
})
