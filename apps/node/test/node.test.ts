import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPortAllocator } from '@dbcluster/ports'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readArguments } from '../src/arguments.js'
import { portSource } from '../src/port-source.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

describe('arguments', () => {
  test('options are read with and without the dashes that pnpm passes on', () => {
    const expected = { config: 'a.yaml', sets: ['a.b=1', 'c.d=2'], help: false, version: false }
    expect(readArguments(['--', '--config', 'a.yaml', '--set', 'a.b=1', '--set=c.d=2'])).toEqual(expected)
    expect(readArguments(['--config=a.yaml', '--set', 'a.b=1', '--set', 'c.d=2'])).toEqual(expected)
  })

  test.each([['--confg=x'], ['stray'], ['--set']])('%s is refused with what to do', (argument) => {
    expect(() => readArguments([argument])).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', hint: 'see --help' }),
    )
  })
})

describe('port source', () => {
  test('an offer becomes the replica’s ports, a released one is free again', async () => {
    const components = { probeHttp: async () => true, probeRaft: async () => true, random: () => 0, nowMs: () => 0 }
    const ports = createPortAllocator({ http: { start: 5001, end: 5002 }, raft: { start: 7001, end: 7002 } })(
      components,
    )
    const source = portSource(ports, '127.0.0.1')
    const offer = await source.lease('myapp_users/1/1/a')
    expect(offer).toEqual({ host: '127.0.0.1', httpPort: 5001, raftPort: 7001 })
    source.confirm('myapp_users/1/1/a', 'myapp_users')
    await source.lease('myapp_orders/1/1/a')
    expect(ports.free()).toBe(0)
    source.release('myapp_orders/1/1/a')
    expect(ports.free()).toBe(1)
    expect(ports.of('myapp_users')).toMatchObject({ httpPort: 5001 })
  })
})

describe('the program', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dbcluster-node-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const run = (...options: string[]): Promise<{ code: number | null; stderr: string; stdout: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [MAIN, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString()
      })
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString()
      })
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, stdout, stderr }))
    })

  test('a faulty configuration ends it with every fault and its place', async () => {
    const file = join(directory, 'node.yaml')
    await writeFile(file, 'node:\n  data_dir: 5\ndatabase:\n  max_database: 3\n')
    const { code, stderr } = await run('--config', file)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^CONFIG_INVALID/)
    expect(stderr).toMatch(/node\.yaml:2:\d+.*data_dir/s)
    expect(stderr).toMatch(/max_databases/)
  })

  test('a node that is to join without a key names the file and the command, and leaves no identity behind', async () => {
    const file = join(directory, 'node.yaml')
    const peer = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
    await writeFile(
      file,
      JSON.stringify({ node: { data_dir: join(directory, 'data') }, discovery: { bootstrap_peers: [peer] } }),
    )
    for (const _ of [1, 2]) {
      const { code, stderr } = await run('--config', file)
      expect(code).toBe(1)
      expect(stderr).toMatch(/KEY_MISSING.*network\.key/s)
      expect(stderr).toMatch(/dbcluster keys/)
    }
  })
})
