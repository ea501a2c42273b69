import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse } from 'yaml'
import {
  configReference,
  formatDuration,
  gatewayJsonSchema,
  loadGatewayConfig,
  loadNodeConfig,
  nodeJsonSchema,
  parseDuration,
  parseSets,
} from '../src/index.js'

const ROOT = new URL('../../../', import.meta.url)
const CONFIGS = new URL('configs/', ROOT)
const directory = '/srv/dbcluster'
const read = (path: string): string => readFileSync(new URL(path, CONFIGS), 'utf8')
const node = (text: string, more: Partial<Parameters<typeof loadNodeConfig>[0]> = {}) =>
  loadNodeConfig({ text, directory, externalAddresses: ['10.1.2.3', '10.9.9.9'], ...more })

const PEER = '/ip4/10.0.0.1/tcp/4001/p2p/12D3KooWGRUVh9qwNnLLVJZqHyjHqkzH1vnTzU3Y8uZbnJ8rJrkM'

describe('the sample files', () => {
  test('a node starts from its sample, with a warning for the placeholder', () => {
    const { config, warnings } = node(read('node.yaml'), { file: 'configs/node.yaml' })
    expect(config).toEqual(node('').config)
    expect(warnings).toEqual([
      expect.stringMatching(/^configs\/node\.yaml:\d+:\d+: discovery\.bootstrap_peers\[0\]: the placeholder/),
    ])
  })

  test('a gateway starts from its sample, with a warning that it knows no node', () => {
    const { config, warnings } = loadGatewayConfig({ text: read('gateway.yaml'), directory })
    expect(config).toEqual(loadGatewayConfig({ directory }).config)
    expect(warnings).toHaveLength(2)
  })

  test('what is commented out in the samples is valid too, and is the default where one is told', () => {
    // A commented setting has no sentence in it: every line of one is `# key: value` or belongs to one.
    const uncomment = (text: string): string =>
      text
        .split('\n')
        .map((line) => line.replace(/^( *)# ( *[a-z_]+:( |$)(?!.*\. ).*)$/, '$1$2'))
        .map((line) => line.replace(/^( *)# ( *#)/, '$1$2'))
        .join('\n')
    const nodeText = uncomment(read('node.yaml'))
    expect(nodeText).toContain('\nmetrics:\n')
    const { config } = node(nodeText, { sets: ['node.advertise_address=10.1.2.3'] })
    const preset = node('').config
    expect(config).toEqual({
      ...preset,
      rqlite: { ...preset.rqlite, path: '/usr/local/bin/rqlited' },
      metrics: { listen: { host: '127.0.0.1', port: 9100 } },
    })
    const gateway = loadGatewayConfig({ text: uncomment(read('gateway.yaml')), directory })
    expect(gateway.config.gateway.corsOrigins).toEqual(['https://app.example.com'])
  })

  test('the published schemas and the README are those of the code (pnpm schema)', () => {
    expect(JSON.parse(read('schema/node.schema.json'))).toEqual(JSON.parse(JSON.stringify(nodeJsonSchema())))
    expect(JSON.parse(read('schema/gateway.schema.json'))).toEqual(JSON.parse(JSON.stringify(gatewayJsonSchema())))
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    // The formatter pads the columns of tables.
    const bare = (text: string): string =>
      text
        .replace(/ +/g, ' ')
        .replace(/-{3,}/g, '---')
        .replace(/ ?\| ?/g, '|')
    for (const program of ['node', 'gateway'] as const) expect(bare(readme)).toContain(bare(configReference(program)))
  })

  test('an editor accepts the samples by the published schemas, and refuses an unknown key', () => {
    const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false })
    for (const name of ['node', 'gateway']) {
      const validate = ajv.compile(JSON.parse(read(`schema/${name}.schema.json`)) as object)
      expect(validate(parse(read(`${name}.yaml`)))).toBe(true)
      expect(validate({ log: { colour: 'red' } })).toBe(false)
      expect(read(`${name}.yaml`)).toMatch(
        new RegExp(`^# yaml-language-server: \\$schema=\\./schema/${name}\\.schema\\.json\\n`),
      )
    }
  })
})

describe('where a value comes from', () => {
  test('options stand above the environment, the environment above the file, the file above defaults', () => {
    const text = 'database: {max_databases: 10, replication_factor: 5, hibernation_timeout: 5s}'
    const env = { DBCLUSTER_DATABASE__MAX_DATABASES: '20', DBCLUSTER_DATABASE__REPLICATION_FACTOR: '1' }
    const { database } = node(text, { env, sets: ['database.max_databases=25', 'database.max_databases=30'] }).config
    expect(database).toMatchObject({ maxDatabases: 30, replicationFactor: 1, hibernationTimeoutMs: 5_000 })
    expect(database.creationTimeoutMs).toBe(10_000)
  })

  test('lists in the environment are separated by commas, or written as in YAML; an empty text empties them', () => {
    const listen = (text: string) =>
      node('', { env: { DBCLUSTER_NODE__LISTEN_ADDRESSES: text } }).config.node.listenAddresses
    expect(listen('/ip4/127.0.0.1/tcp/1, /ip6/::1/tcp/2')).toEqual(['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/2'])
    expect(listen('["/ip4/127.0.0.1/tcp/1"]')).toEqual(['/ip4/127.0.0.1/tcp/1'])
    const env = { DBCLUSTER_DISCOVERY__BOOTSTRAP_PEERS: '' }
    expect(node(`discovery: {bootstrap_peers: [${PEER}]}`, { env }).config.discovery.bootstrapPeers).toEqual([])
  })

  test('overrides can be had as values, to be written into a file', () => {
    const sets = [
      'database.max_databases=7',
      'log.level=debug',
      'node.listen_addresses=a,b',
      'gateway.listen=x:1',
      'oops',
    ]
    expect(parseSets('node', sets)).toEqual([
      { path: ['database', 'max_databases'], value: 7 },
      { path: ['log', 'level'], value: 'debug' },
      { path: ['node', 'listen_addresses'], value: ['a', 'b'] },
    ])
  })

  test('the bounds of SQL, in words for a person and in bytes for the program', () => {
    expect(node('').config.sql).toEqual({
      statementMaxBytes: 1024 * 1024,
      parametersMax: 32_766,
      statementsMax: 1_000,
      resultRowsMax: 100_000,
      resultBytesMax: 16 * 1024 * 1024,
    })
    const text =
      'sql: {max_statement_size: 64KiB, max_parameters: 9, max_statements: 8, max_result_rows: 7, max_result_size: 2048}'
    expect(node(text).config.sql).toEqual({
      statementMaxBytes: 64 * 1024,
      parametersMax: 9,
      statementsMax: 8,
      resultRowsMax: 7,
      resultBytesMax: 2_048,
    })
    expect(() => node('sql: {max_statement_size: 2MiB}')).toThrow(/max_statement_size.*from 1024 to 1048576|1MiB/)
  })

  test('credentials can be set as YAML', () => {
    const hash = `sha256:${'a'.repeat(64)}`
    const sets = [`auth.api_keys=[{id: k1, app: shop, scope: admin, hash: ${hash}}]`]
    expect(node('', { sets }).config.auth.apiKeys).toEqual([{ id: 'k1', app: 'shop', scope: 'admin', hash }])
  })

  test('DBCLUSTER_RQLITED is rqlite.path, below the variable of the full name', () => {
    const path = (env: Record<string, string>) => node('rqlite: {path: /a}', { env }).config.rqlite.path
    expect(path({ DBCLUSTER_RQLITED: '/b' })).toBe('/b')
    expect(path({ DBCLUSTER_RQLITED: '/b', DBCLUSTER_RQLITE__PATH: '/c' })).toBe('/c')
    expect(path({ DBCLUSTER_RQLITED: '' })).toBe('/a')
  })

  test("the other program's variables, and variables without __, are passed over", () => {
    const env = { DBCLUSTER_GATEWAY__LISTEN: '0.0.0.0:1', DBCLUSTER_DATABASE__MAX_DATABASES: '5', DBCLUSTER_HOME: 'x' }
    expect(node('', { env }).config.database.maxDatabases).toBe(5)
    expect(loadGatewayConfig({ env, directory }).config.gateway.listen.port).toBe(1)
  })

  test('a file is read from the directory that is given', () => {
    const home = mkdtempSync(join(tmpdir(), 'dbcluster-config-'))
    try {
      writeFileSync(join(home, 'n.yaml'), 'node: {data_dir: here}\n')
      expect(loadNodeConfig({ file: 'n.yaml', directory: home }).config.node.dataDir).toBe(join(home, 'here'))
    } finally {
      rmSync(home, { recursive: true })
    }
  })
})

describe('what is made of the values', () => {
  test('relative paths count from the directory, and keys stand below data_dir', () => {
    const { config } = node('node: {data_dir: d}\nrqlite: {path: bin/rqlited}\nnetwork: {cluster_key_file: c.key}')
    expect(config.node.dataDir).toBe('/srv/dbcluster/d')
    expect(config.network).toEqual({
      keyFile: '/srv/dbcluster/d/keys/network.key',
      clusterKeyFile: '/srv/dbcluster/c.key',
    })
    expect(config.rqlite.path).toBe('/srv/dbcluster/bin/rqlited')
  })

  test.each([
    [['/ip4/0.0.0.0/tcp/1'], '10.1.2.3', 'lan'],
    [['/ip4/127.0.0.1/tcp/1'], '127.0.0.1', 'local'],
    [['/ip4/127.0.0.1/tcp/1', '/ip4/192.0.2.7/tcp/1'], '192.0.2.7', 'lan'],
    [['/ip6/::1/tcp/1'], '::1', 'local'],
    [['/ip6/::/tcp/1'], '10.1.2.3', 'lan'],
  ])('listening on %j it is reached at %s, with Raft timing %s', (addresses, host, timing) => {
    const { config } = node(`node: {listen_addresses: ${JSON.stringify(addresses)}}`)
    expect([config.node.advertiseAddress, config.rqlite.timing]).toEqual([host, timing])
  })

  test('without any external address a node is reached on loopback', () => {
    expect(node('', { externalAddresses: [] }).config.node.advertiseAddress).toBe('127.0.0.1')
  })

  test('placeholders are left out of the bootstrap peers', () => {
    const { config } = node(`discovery: {bootstrap_peers: ["/ip4/1.2.3.4/tcp/1/p2p/...", ${PEER}]}`)
    expect(config.discovery.bootstrapPeers).toEqual([PEER])
  })

  test('sizes may be bytes or have a unit', () => {
    const body = (text: string) =>
      loadGatewayConfig({ sets: [`gateway.max_body=${text}`], directory }).config.gateway.maxBodyBytes
    expect([body('2048'), body('1.5MiB'), body('100KB')]).toEqual([2048, 1_572_864, 100_000])
  })

  test('an empty section counts as left out', () => {
    expect(node('database:\nlog:\n').config).toEqual(node('').config)
  })

  test.each([
    [
      'database:\n  port_range_http_end: 5199',
      'test.yaml:2:24: database.port_range_http_end',
      '200 (2 x max_databases)',
    ],
    ['database: {replication_factor: 4}', 'test.yaml:1:32: database.replication_factor', 'an odd number'],
    [
      'node: {listen_addresses: [/ip4/0.0.0.0/tcp/7500]}',
      'test.yaml:1:27: node.listen_addresses[0]',
      'the raft port range',
    ],
  ])('%j is accepted with a warning', (text, place, words) => {
    const { warnings } = node(text, { file: 'test.yaml' })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(place)
    expect(warnings[0]).toContain(words)
  })
})

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['1m30s', 90_000],
    ['0', 0],
    ['0s', 0],
    ['1.5h', 5_400_000],
    ['2h45m', 9_900_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  test.each(['', ' 1s', '1s ', '1', '1 s', '1S', 's', '-1s', '+1s', '1d', '1w', '1,5s', '1e3s', '.5s', '1m 30s', '∞'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  test('what is written is read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 24 * 24 * 3_600_000 }), (ms) => parseDuration(formatDuration(ms)) === ms),
    )
  })
})
