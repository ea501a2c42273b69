import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadNodeConfig } from '@dbcluster/config'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'

let home = ''
let main = ''
let place = ''

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'dbcluster-commands-'))
  main = join(home, 'main.mjs')
  // The command as one file, made from the sources: these tests need no earlier build.
  await build({
    entryPoints: [fileURLToPath(new URL('../src/main.ts', import.meta.url))],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@dbcluster/source'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  })
})
afterAll(() => rmSync(home, { recursive: true, force: true }))
beforeEach(() => {
  place = mkdtempSync(join(home, 'test-'))
})

const dbcluster = (...args: readonly string[]) => {
  const env = { ...process.env, INIT_CWD: place, NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env,
    cwd: tmpdir(),
  })
  return { status, stdout, stderr }
}

describe('dbcluster config check', () => {
  const check = (text: string, ...options: readonly string[]) => {
    writeFileSync(join(place, 'c.yaml'), text)
    return dbcluster('config', 'check', 'c.yaml', ...options)
  }

  test('accepts a valid file, with its warnings', () => {
    const { status, stdout, stderr } = check('database:\n  replication_factor: 2\n')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^warning c\.yaml:2:23: database\.replication_factor: .*\nc\.yaml: a valid configuration of a node\n$/,
    )
  })

  test('tells every fault by line and column, and ends with 1', () => {
    const { status, stdout, stderr } = check('node:\n  datadir: x\nlog: {level: 7}\n')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('2 faults in the configuration of the node:\n  c.yaml:2:3: node.datadir: ')
    expect(stderr).toContain('did you mean data_dir?\n  c.yaml:3:14: log.level: found 7, expected one of error')
    expect(stderr).toContain('What to do:')
    expect(stderr).not.toContain('    at ')
  })

  test("knows a gateway's file by its section, or is told whose it is", () => {
    expect(check('gateway: {listen: "127.0.0.1:1"}').stdout).toContain('a valid configuration of a gateway')
    expect(check('log: {level: info}', '--kind', 'gateway').stdout).toContain('of a gateway')
    expect(check('gateway: {listen: "127.0.0.1:1"}', '--kind', 'node').stderr).toContain('there is no key gateway')
  })

  test('takes overrides as the programs do, and tells a file that is not there', () => {
    expect(check('', '--set', 'log.level=loud').stderr).toContain('--set log.level: log.level: found "loud"')
    const missing = dbcluster('config', 'check', 'none.yaml')
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining(`looked from ${place}`)])
  })
})

describe('dbcluster keys', () => {
  test('makes both keys once, for their owner alone, and shows them by fingerprint', () => {
    expect(dbcluster('keys', 'show', '--dir', 'k')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('dbcluster keys make'),
    })
    expect(dbcluster('keys', 'make', '--dir', 'k').status).toBe(0)
    const [network, cluster] = [join(place, 'k', 'network.key'), join(place, 'k', 'cluster.key')]
    const secrets = [network, cluster].map((file) => readFileSync(file, 'utf8'))
    expect([network, cluster].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600])
    expect(dbcluster('keys', 'make', '--dir', 'k').status).toBe(0)
    expect([network, cluster].map((file) => readFileSync(file, 'utf8'))).toEqual(secrets)
    const { stdout } = dbcluster('keys', 'show', '--dir', 'k')
    expect(stdout).toMatch(
      /network key {2}\S+network\.key {2}fingerprint [0-9a-f]{16}\ncluster key .* fingerprint [0-9a-f]{16}\npeer id {6}none yet/,
    )
    for (const secret of secrets) expect(stdout).not.toContain(secret.trim().split('\n').at(-1))
  })

  test('warns of a key that others may read, and closes it', () => {
    dbcluster('keys', 'make', '--dir', 'k')
    chmodSync(join(place, 'k', 'cluster.key'), 0o644)
    expect(dbcluster('keys', 'show', '--dir', 'k').stderr).toContain('WARN A key file was open to other users')
    expect(statSync(join(place, 'k', 'cluster.key')).mode & 0o777).toBe(0o600)
  })

  test("prints an API key and the record that a node's configuration takes as it is", () => {
    const { status, stdout } = dbcluster('keys', 'api', '--app', 'shop', '--scope', 'read', '--database', 'orders')
    expect(status).toBe(0)
    const [, id] = /^# (?:dbc_([A-Za-z0-9]+)_[A-Za-z0-9]+)$/m.exec(stdout) ?? []
    const { config } = loadNodeConfig({ text: stdout, directory: '/' })
    const hash = expect.stringMatching(/^sha256:[0-9a-f]{64}$/)
    expect(config.auth.apiKeys).toEqual([{ id, app: 'shop', scope: 'read', hash, databases: ['orders'] }])
  })

  test.each([
    [['keys', 'api'], '--app'],
    [['keys', 'api', '--app', 'a_b'], '"a_b" is not a valid app name'],
    [['keys', 'api', '--app', 'a', '--scope', 'all'], 'read, write, admin'],
    [['dev', '--nodes', '0'], 'from 1 to 15'],
    [['dev', '--gateway-port', 'x'], 'from 1 to 65535'],
    [['devv'], 'dev'],
  ])('%j is refused with a word on %j', (args, words) => {
    const { status, stderr } = dbcluster(...args)
    expect(status).toBe(1)
    expect(stderr).toContain(words)
  })
})
