import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openStore } from '@dbcluster/metadata'
import type { Logger } from '@dbcluster/protocol'
import { afterAll, describe, expect, test } from '@jest/globals'
import { openWithRoom } from '../src/purge-quarantine.js'

const run = promisify(execFile)
const MIB = 1024 * 1024
const nothing = (): void => undefined
const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }

const dataDir = await mkdtemp(join(tmpdir(), 'dbcluster-small-'))
const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${16 * MIB},mode=700`, 'none', dataDir]).then(
  () => true,
  () => false,
)
/** Where the machine allows no mounts this is reported as skipped. */
const { skip } = test
const onDisk = isMounted ? test : skip
afterAll(async () => {
  if (isMounted) await run('umount', ['--lazy', dataDir])
  await rm(dataDir, { recursive: true })
})

/** Takes all the room that is left. */
const fill = async (path: string): Promise<void> => {
  const file = await open(path, 'w')
  try {
    for (;;) await file.write(Buffer.alloc(4096))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    await file.close()
  }
}

describe('a node whose disk is full', () => {
  onDisk('says so, and starts once what fills it has been in quarantine for long enough', async () => {
    const metadata = join(dataDir, 'metadata')
    const store = await openStore(metadata)
    await store.write([{ key: 'a', value: 'x'.repeat(100_000) }])
    await store.close()
    const kept = join(dataDir, 'quarantine', 'app_users.2026-01-01T00-00-00-000Z.0a1b2c')
    await mkdir(kept, { recursive: true })
    await writeFile(join(kept, 'db.sqlite'), Buffer.alloc(4 * MIB))
    await fill(join(dataDir, 'filler'))

    const start = (retentionMs: number) =>
      openWithRoom(() => openStore(metadata), dataDir, { retentionMs, logger: SILENT })
    await expect(start(0)).rejects.toMatchObject({
      code: 'STORE_WRITE_FAILED',
      message: expect.stringContaining(metadata),
      hint: expect.stringContaining('make room'),
    })
    const again = await start(1_000)
    expect(again.incarnation).toBe(store.incarnation)
    await again.close()
  })
})
