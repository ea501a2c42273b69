import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadNodeConfig } from '@dbcluster/config'
import { processStartTime } from '@dbcluster/runtime'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { createPlayground, processesIn } from './helpers.js'

let play: ReturnType<typeof createPlayground>
beforeEach(() => {
  play = createPlayground()
})
afterEach(() => play.dispose())

const read = (name: string): string => readFileSync(join(play.directory, name), 'utf8')
const until = async (reached: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 10_000; !reached(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > deadline) throw new Error('not within 10 s')
}

/** Outside of the ports for outgoing connections, clear of each other, twice max_databases. */
const expectPortsOfItsOwn = (files: readonly string[]): void => {
  const loaded = files.map((file) => loadNodeConfig({ file, directory: '/' }))
  expect(loaded.flatMap(({ warnings }) => warnings)).toEqual([])
  expect(loaded.map(({ config }) => config.rqlite.timing)).toEqual(loaded.map(() => 'local'))
  const ranges = loaded.flatMap(({ config }) => [config.database.httpPorts, config.database.raftPorts])
  const sorted = [...ranges].sort((a, b) => a.start - b.start)
  for (const [at, range] of sorted.entries()) {
    expect(range.end - range.start + 1).toBe(200)
    expect(range.start).toBeGreaterThan(sorted[at - 1]?.end ?? 10_000)
    expect(range.end).toBeLessThan(32_768)
  }
}

describe('a development cluster', () => {
  test('starts, says where everything is, and leaves no process behind', async () => {
    const cluster = play.cluster()
    const started = await cluster.start()
    expect(started).toEqual(JSON.parse(read('cluster.json')))
    expect(started).toMatchObject({
      app: 'demo',
      api_key: expect.stringMatching(/^dbc_/),
      gateway: { url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
    })
    expect(started.nodes).toHaveLength(3)
    for (const [at, node] of started.nodes.entries()) {
      expect(node).toMatchObject({
        data_dir: join(play.directory, `node${at + 1}`),
        config_file: join(play.directory, `node${at + 1}.yaml`),
      })
      expect(processStartTime(node.pid)).toBeDefined()
    }
    expect([
      statSync(join(play.directory, 'cluster.json')).mode & 0o777,
      statSync(join(play.directory, 'dev.json')).mode & 0o777,
    ]).toEqual([0o600, 0o600])
    // Three nodes, three in the place of rqlited, one gateway.
    expect(processesIn(play.directory)).toHaveLength(7)

    expect(read('logs/node1.log')).toContain('peers []')
    expect(read('logs/node2.log')).toContain(started.nodes[0]?.multiaddrs[0])
    expectPortsOfItsOwn(started.nodes.map(({ config_file }) => config_file))
    const keys = started.nodes.map(({ data_dir }) => readFileSync(join(data_dir, 'keys', 'network.key'), 'utf8'))
    expect(new Set(keys).size).toBe(1)

    await cluster.stop()
    await cluster.stop()
    expect(processesIn(play.directory)).toEqual([])
    expect(existsSync(join(play.directory, 'cluster.json'))).toBe(false)
  })
})

describe('a second run in the same directory', () => {
  const same = (cluster: Awaited<ReturnType<ReturnType<typeof play.cluster>['start']>>) => ({
    ...cluster,
    gateway: cluster.gateway.url,
    nodes: cluster.nodes.map(({ pid, ...rest }) => rest),
  })

  test('brings the same cluster back', async () => {
    const earlier = play.cluster({ nodes: 2 })
    const first = await earlier.start()
    await earlier.stop()
    const second = await play.cluster().start()
    expect(same(second)).toEqual(same(first))
    expect(parse(read('node1.yaml')).discovery.bootstrap_peers).toHaveLength(1)
    expect(read('logs/node1.log')).toContain('/p2p/')
  })

  test('ends what a killed run has left, rqliteds of killed nodes included', async () => {
    const first = await play.cluster({ nodes: 2 }).start()
    // As if the whole run had been killed: its lock names a process that is gone, and the children are still there.
    writeFileSync(join(play.directory, 'process.lock'), JSON.stringify({ pid: 1, startTime: 'before' }))
    process.kill(first.nodes[1]?.pid ?? 0, 'SIGKILL')
    const left = processesIn(play.directory)
    const second = await play.cluster({ nodes: 2 }).start()
    expect(play.said.join('\n')).toMatch(/ended \d processes that an earlier run had left/)
    for (const pid of left) expect(processesIn(play.directory)).not.toContain(pid)
    expect(same(second)).toEqual(same(first))
  })

  test('is refused while the first one runs, which goes on', async () => {
    const first = await play.cluster({ nodes: 2 }).start()
    const second = play.cluster({ nodes: 2 })
    await expect(second.start()).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED', details: { pid: process.pid } })
    await second.stop()
    expect((await fetch(`${first.gateway.url}/readyz`)).status).toBe(200)
    expect(existsSync(join(play.directory, 'cluster.json'))).toBe(true)
  })

  test('can add nodes and not take them away', async () => {
    const earlier = play.cluster({ nodes: 1 })
    const first = await earlier.start()
    expect(parse(read('node1.yaml')).database.replication_factor).toBe(1)
    await earlier.stop()
    const cluster = play.cluster({ nodes: 2 })
    const second = await cluster.start()
    expect(second.nodes.map(({ peer_id }) => peer_id)).toHaveLength(2)
    expect(second.nodes[0]?.data_dir).toBe(first.nodes[0]?.data_dir)
    await cluster.stop()
    await expect(play.cluster({ nodes: 1 }).start()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

describe('when something goes wrong', () => {
  test('a node that fails at its start is told with its last words, and all others are ended', async () => {
    const cluster = play.cluster({ nodes: 2, env: { ...process.env, TEST_NODE: 'broken' } })
    await expect(cluster.start()).rejects.toThrow(
      /node1 ended \(exit code 1\) before node1 is ready\n.*RQLITED_NOT_FOUND: no rqlited anywhere/,
    )
    await cluster.stop()
    expect(processesIn(play.directory)).toEqual([])
  })

  test('a node that dies later is told with its last words, and its rqlited is gone in the end', async () => {
    const cluster = play.cluster({ nodes: 2 })
    const { nodes } = await cluster.start()
    process.kill(nodes[1]?.pid ?? 0, 'SIGKILL')
    await until(() => play.said.some((line) => line.includes('node listens')))
    expect(play.said.join('\n')).toMatch(/node2 ended unexpectedly \(SIGKILL\); the last lines of .*node2\.log/)
    expect(processesIn(nodes[1]?.data_dir ?? '')).toHaveLength(1)
    await cluster.stop()
    expect(processesIn(play.directory)).toEqual([])
  })

  test('a stop during the start ends what there is by then', async () => {
    const cluster = play.cluster({ nodes: 2 })
    const starting = cluster.start()
    await until(() => play.said.some((line) => line.includes('node1 is ready')))
    await cluster.stop()
    await expect(starting).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(processesIn(play.directory)).toEqual([])
  })

  test('killing ends even what ignores signals', async () => {
    const cluster = play.cluster({ nodes: 2, env: { ...process.env, TEST_NODE: 'stubborn' } })
    await cluster.start()
    await cluster.kill()
    expect(processesIn(play.directory)).toEqual([])
  })

  test.each([
    [['foo=1'], 'there is no key foo'],
    [['gateway.listn=x', 'log.level=loud'], 'did you mean gateway.listen?'],
    [['gateway.listn=x', 'log.level=loud'], 'log.level: found "loud"'],
    [['database.max_databases=-1'], 'from 0 to 60000'],
  ])('options %j are refused before anything is made', async (sets, words) => {
    await expect(play.cluster({ sets }).start()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(words),
    })
    expect(existsSync(join(play.directory, 'dev.json'))).toBe(false)
  })
})

test('options are in the files of the programs that they are for, and port ranges follow max_databases', async () => {
  const sets = [
    'database.max_databases=150',
    'database.hibernation_timeout=5s',
    'gateway.max_body=1MiB',
    'log.level=debug',
  ]
  // Variables of this shell must not change what the files say.
  const env = { ...process.env, DBCLUSTER_DATABASE__MAX_DATABASES: '7', INIT_CWD: '/nowhere' }
  const { nodes, gateway } = await play.cluster({ nodes: 1, sets, env }).start()
  const { config, warnings } = loadNodeConfig({ file: nodes[0]?.config_file, directory: '/' })
  expect(config.database).toMatchObject({ maxDatabases: 150, hibernationTimeoutMs: 5_000, replicationFactor: 1 })
  expect(config.log.level).toBe('debug')
  expect(warnings).toEqual([])
  expect(parse(read('gateway.yaml'))).toMatchObject({ gateway: { max_body: '1MiB' }, log: { level: 'debug' } })
  const environment = readFileSync(`/proc/${gateway.pid}/environ`, 'utf8')
  expect(environment).not.toMatch(/MAX_DATABASES|INIT_CWD/)
})
