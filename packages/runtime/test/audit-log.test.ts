import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogFields, Logger } from '@dbcluster/protocol'
import { expect, test } from '@jest/globals'
import { createAuditLog } from '../src/index.js'

const lines: (LogFields | undefined)[] = []
const logger: Logger = {
  error: (message) => void lines.push({ message }),
  warn: () => undefined,
  info: (message, fields) => void lines.push({ message, ...fields }),
  debug: () => undefined,
  child: () => logger,
}
const entry = { action: 'createKey', outcome: 'done', app: 'shop', key: 'k1', requestId: 'r1', from: '12D3' } as const

test('an entry is in the log under its fixed name, and a JSON line of a file of mode 0600', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'audit-')), 'sub', 'audit.log')
  const audit = createAuditLog({ logger, file, fileMaxBytes: 1_000_000, filesMax: 2 })
  audit.record(entry)
  await audit.close()
  const fields = { action: 'createKey', outcome: 'done', app: 'shop', key_id: 'k1', request_id: 'r1', from: '12D3' }
  expect(lines).toContainEqual({ message: 'Audit', ...fields })
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject(fields)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('files are bounded in size and number, and the current one keeps its name', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-'))
  const file = join(directory, 'audit.log')
  const audit = createAuditLog({ logger, file, fileMaxBytes: 2_000, filesMax: 3 })
  const sizes = (): string =>
    readdirSync(directory)
      .map((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size)
      .join()
  for (let at = 0; at < 60; at += 1) {
    const before = sizes()
    audit.record({ ...entry, requestId: `r${at}` })
    // What comes while files change places goes to the old one: its bound is kept by those that come one by one.
    while (sizes() === before) await new Promise((resolve) => setImmediate(resolve))
  }
  await audit.close()
  const files = readdirSync(directory)
  expect(files).toContain('audit.log')
  expect(files.length).toBeLessThanOrEqual(3)
  for (const name of files) {
    expect(statSync(join(directory, name)).size).toBeLessThan(4_000)
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
  }
})
