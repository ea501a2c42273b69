import { isDbClusterError } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { type ConfigFault, loadGatewayConfig, loadNodeConfig } from '../src/index.js'

const DIRECTORY = '/srv/dbcluster'

interface Given {
  readonly yaml?: string
  readonly env?: Record<string, string>
  readonly sets?: readonly string[]
}

const faultsOf = (load: typeof loadNodeConfig | typeof loadGatewayConfig, given: Given): readonly ConfigFault[] => {
  const { yaml = '', env = {}, sets = [] } = given
  try {
    load({ file: 'test.yaml', text: yaml, env, sets, directory: DIRECTORY })
  } catch (error) {
    if (!isDbClusterError(error)) throw error
    expect(error.code).toBe('CONFIG_INVALID')
    return error.details?.faults as readonly ConfigFault[]
  }
  return []
}

/** Place, code, key, and words that the message must have. */
const summary = ({ source, line, column, code, key }: ConfigFault): string =>
  `${source === 'test.yaml' ? '' : `${source} `}${line ?? '-'}:${column ?? '-'} ${code} ${key}`

type Case = readonly [name: string, given: Given | string, expected: string, ...words: string[]]

const NODE_CASES: readonly Case[] = [
  // Unknown keys, with near misses.
  ['a section misspelt', 'databse:\n  max_databases: 5', '1:1 UNKNOWN_KEY databse', 'did you mean database?'],
  ['a key misspelt', 'database:\n  max_databaes: 5', '2:3 UNKNOWN_KEY database.max_databaes', 'mean max_databases?'],
  ['a key in camel case', 'node:\n  dataDir: x', '2:3 UNKNOWN_KEY node.dataDir', 'did you mean data_dir?'],
  ['a key with swapped letters', 'node: {dtaa_dir: x}', '1:8 UNKNOWN_KEY node.dtaa_dir', 'did you mean data_dir?'],
  [
    'a key of another section',
    'node:\n  max_databases: 5',
    '2:3 UNKNOWN_KEY node.max_databases',
    'database.max_databases?',
  ],
  ['a key unlike any', 'log:\n  colour: red', '2:3 UNKNOWN_KEY log.colour', 'expected one of level, format'],
  ['a key of an object', 'log:\n  __proto__: {}', '2:3 UNKNOWN_KEY log.__proto__'],
  [
    'an unknown key of an entry',
    'auth: {jwt: [{algorithm: EdDSA, key: k, aud: x}]}',
    '1:41 UNKNOWN_KEY auth.jwt[0].aud',
  ],
  // Types.
  ['a number for a text', 'node:\n  data_dir: 7', '2:13 WRONG_TYPE node.data_dir', 'found 7, expected a text'],
  ['a text for a number', 'database:\n  max_databases: many', '2:18 WRONG_TYPE database.max_databases', '"many"'],
  [
    'a quoted number',
    'database:\n  max_databases: "20"',
    '2:18 WRONG_TYPE database.max_databases',
    '20 without quotes?',
  ],
  ['a fraction', 'database:\n  max_databases: 2.5', '2:18 WRONG_TYPE database.max_databases', 'a whole number'],
  ['nothing for a number', 'database:\n  max_databases:', '2:17 WRONG_TYPE database.max_databases', 'found nothing'],
  [
    'yes for a boolean',
    'database:\n  foreign_keys: yes',
    '2:17 WRONG_TYPE database.foreign_keys',
    'did you mean true?',
  ],
  [
    'a text for a list',
    'node:\n  listen_addresses: /ip4/0.0.0.0/tcp/1',
    '2:21 WRONG_TYPE node.listen_addresses',
    'a list',
  ],
  ['a text for a section', 'database: big', '1:11 WRONG_TYPE database', 'expected a section'],
  ['a list for a section', 'database:\n  - 1', '2:3 WRONG_TYPE database', 'found a list'],
  ['a section for a text', 'node:\n  data_dir:\n    a: 1', '3:5 WRONG_TYPE node.data_dir', 'found a section'],
  ['a number in a list', 'node:\n  listen_addresses: [7]', '2:22 WRONG_TYPE node.listen_addresses[0]'],
  ['a list as the document', '- a\n- b', '1:1 WRONG_TYPE ', 'found a list'],
  ['a text as the document', 'hello', '1:1 WRONG_TYPE ', 'expected sections'],
  // Durations.
  [
    'a duration without unit',
    'discovery:\n  discovery_interval: 30',
    '2:23 OUT_OF_RANGE discovery.discovery_interval',
    'mean 30s?',
  ],
  [
    'a duration in words',
    'database: {hibernation_timeout: 5 min}',
    '1:33 WRONG_VALUE database.hibernation_timeout',
    'mean 5m?',
  ],
  [
    'a duration in days',
    'database: {replacement_grace: 2d}',
    '1:31 WRONG_VALUE database.replacement_grace',
    'mean 48h?',
  ],
  ['a duration with more text', 'database: {creation_timeout: 10s!}', '1:30 WRONG_VALUE database.creation_timeout'],
  ['a negative duration', 'database: {hibernation_timeout: -5s}', '1:33 WRONG_VALUE database.hibernation_timeout'],
  [
    'a duration too short',
    'discovery: {health_check_interval: 0}',
    '1:36 OUT_OF_RANGE discovery.health_check_interval',
    'from 100ms',
  ],
  [
    'a duration too long',
    'database: {hibernation_timeout: 9000h}',
    '1:33 OUT_OF_RANGE database.hibernation_timeout',
    '576h',
  ],
  [
    'a duration as a list',
    'database: {creation_timeout: [1s]}',
    '1:30 WRONG_TYPE database.creation_timeout',
    'found a list',
  ],
  // Ranges and words.
  [
    'replication 0',
    'database: {replication_factor: 0}',
    '1:32 OUT_OF_RANGE database.replication_factor',
    'from 1 to 15',
  ],
  [
    'a port too high',
    'database: {port_range_raft_end: 70000}',
    '1:33 OUT_OF_RANGE database.port_range_raft_end',
    '65535',
  ],
  ['an unknown level', 'log: {level: warning}', '1:14 WRONG_VALUE log.level', 'error, warn, info, debug'],
  ['a level in capitals', 'log: {level: DEBUG}', '1:14 WRONG_VALUE log.level', 'did you mean debug?'],
  ['an unknown profile', 'rqlite:\n  timing: lann', '2:11 WRONG_VALUE rqlite.timing', 'did you mean lan?'],
  ['an empty text', 'rqlite:\n  path: ""', '2:9 OUT_OF_RANGE rqlite.path', 'found ""'],
  ['no listen address', 'node: {listen_addresses: []}', '1:26 OUT_OF_RANGE node.listen_addresses', '1 to 16'],
  // Addresses.
  [
    'host:port as multiaddr',
    'node: {listen_addresses: ["0.0.0.0:4001"]}',
    '1:27 WRONG_VALUE node.listen_addresses[0]',
    'mean /ip4/0.0.0.0/tcp/4001?',
  ],
  [
    'listening as a peer',
    'node: {listen_addresses: [/ip4/1.2.3.4/tcp/1/p2p/x]}',
    '1:27 WRONG_VALUE node.listen_addresses[0]',
  ],
  [
    'an IPv4 address that is none',
    'node: {listen_addresses: [/ip4/1.2.3.400/tcp/1]}',
    '1:27 WRONG_VALUE node.listen_addresses[0]',
  ],
  [
    'a peer without id',
    'discovery:\n  bootstrap_peers:\n    - /ip4/10.0.0.1/tcp/4001',
    '3:7 WRONG_VALUE discovery.bootstrap_peers[0]',
    'with peer id',
  ],
  [
    'a peer id with a zero',
    `discovery: {bootstrap_peers: [/ip4/10.0.0.1/tcp/1/p2p/12D3KooW${'0'.repeat(44)}]}`,
    '1:31 WRONG_VALUE discovery.bootstrap_peers[0]',
  ],
  [
    'an address with a scheme',
    'node: {advertise_address: "http://a"}',
    '1:27 WRONG_VALUE node.advertise_address',
    'a host name',
  ],
  ['metrics without port', 'metrics: {listen: localhost}', '1:19 WRONG_VALUE metrics.listen', 'host:port'],
  // Port ranges.
  [
    'reversed http ports',
    'database:\n  port_range_http_start: 6000\n  port_range_http_end: 5500',
    '2:26 PORT_RANGE_REVERSED database.port_range_http_start',
    'mean 5500-6000?',
  ],
  [
    'an end below the default start',
    'database:\n  port_range_raft_end: 7000',
    '2:24 PORT_RANGE_REVERSED database.port_range_raft_end',
  ],
  [
    'overlapping ranges',
    'database:\n  port_range_raft_start: 5900',
    '2:26 PORT_RANGE_OVERLAP database.port_range_raft_start',
    'in 5900-5999',
  ],
  [
    'ranges that touch',
    'database:\n  port_range_http_end: 7001',
    '2:24 PORT_RANGE_OVERLAP database.port_range_http_end',
    'in 7001-7001',
  ],
  [
    'a range too small',
    'database:\n  port_range_http_end: 5099',
    '2:24 PORT_RANGE_TOO_SMALL database.port_range_http_end',
    '99 ports',
    '= 100',
    '200',
  ],
  // The single-cluster mode.
  [
    'an old data directory',
    'database:\n  data_dir: ./data/rqlite',
    '2:3 DEPRECATED_KEY database.data_dir',
    'remove it',
    'docs/migration.md',
    'back up ./data/rqlite',
    'import the backup into a new database',
  ],
  ['an old port', 'database: {rqlite_port: 4001}', '1:12 DEPRECATED_KEY database.rqlite_port', 'port_range_http_start'],
  ['an old Raft port', 'database: {rqlite_raft_port: 4002}', '1:12 DEPRECATED_KEY database.rqlite_raft_port'],
  [
    'an old join address',
    'database: {rqlite_join_address: "a:1"}',
    '1:12 DEPRECATED_KEY database.rqlite_join_address',
    'bootstrap_peers',
  ],
  // Credentials.
  [
    'an API key without hash',
    'auth:\n  api_keys:\n    - {id: a, app: shop, scope: read}',
    '3:7 MISSING_KEY auth.api_keys[0].hash',
  ],
  [
    'an app name with _',
    `auth: {api_keys: [{id: a, app: a_b, scope: read, hash: sha256:${'f'.repeat(64)}}]}`,
    '1:32 WRONG_VALUE auth.api_keys[0].app',
    'an app name',
  ],
  [
    'an id twice',
    `auth:\n  api_keys:\n    - {id: a, app: x, scope: read, hash: sha256:${'f'.repeat(64)}}\n    - {id: a, app: y, scope: read, hash: sha256:${'f'.repeat(64)}}`,
    '4:12 CONFLICT auth.api_keys[1].id',
    'entry 1',
  ],
  [
    'two keys for one issuer',
    'auth: {jwt: [{algorithm: EdDSA, key: a, key_file: b}]}',
    '1:51 CONFLICT auth.jwt[0].key_file',
    'expected one of them',
  ],
  [
    'no key for an issuer',
    'auth: {jwt: [{algorithm: EdDSA}]}',
    '1:14 MISSING_KEY auth.jwt[0]',
    'none of key, key_file and jwks',
  ],
  [
    'an algorithm that is refused',
    'auth: {jwt: [{algorithm: none, key: a}]}',
    '1:26 WRONG_VALUE auth.jwt[0].algorithm',
    'EdDSA, RS256, HS256',
  ],
  // YAML itself.
  ['a key twice', 'log:\n  level: info\n  level: warn', '3:3 DUPLICATE_KEY ', 'the key level is given twice'],
  ['a section twice', 'log:\n  level: info\nlog:\n  level: warn', '3:1 DUPLICATE_KEY ', 'the key log'],
  ['a bracket that is never closed', 'node:\n  listen_addresses: [a', '2:23 YAML_SYNTAX '],
  ['a tab as indentation', 'node:\n\tdata_dir: x', '2:1 YAML_SYNTAX '],
  ['two documents', 'log: {level: info}\n---\nlog: {level: warn}', '2:1 YAML_SYNTAX '],
  ['a section as a key', 'log: {level: info}\n? {a: 1}\n: b', '2:3 YAML_SYNTAX ', 'keys are plain texts'],
  ['keys in keys, more than a text can hold', '? '.repeat(40), '1:3 YAML_SYNTAX '],
  ['an anchor that is not there', 'node: *base', '1:7 YAML_SYNTAX '],
  // Environment and options.
  [
    'a wrong value in the environment',
    { env: { DBCLUSTER_DATABASE__MAX_DATABASES: 'many' } },
    'environment DBCLUSTER_DATABASE__MAX_DATABASES -:- WRONG_TYPE database.max_databases',
    '"many"',
  ],
  [
    'an unknown variable',
    { env: { DBCLUSTER_DATABASE__MAX_DATABASE: '5' } },
    'environment DBCLUSTER_DATABASE__MAX_DATABASE -:- UNKNOWN_KEY database.max_database',
    'mean DBCLUSTER_DATABASE__MAX_DATABASES?',
  ],
  [
    'a wrong entry of a list in the environment',
    { env: { DBCLUSTER_NODE__LISTEN_ADDRESSES: '/ip4/0.0.0.0/tcp/1,x' } },
    'environment DBCLUSTER_NODE__LISTEN_ADDRESSES -:- WRONG_VALUE node.listen_addresses[1]',
  ],
  [
    'a wrong value in an option',
    { sets: ['log.format=xml'] },
    '--set log.format -:- WRONG_VALUE log.format',
    'logfmt, json',
  ],
  ['an option without value', { sets: ['log.format'] }, '--set log.format -:- OVERRIDE_INVALID ', 'key=value'],
  ['an option without key', { sets: ['=5'] }, '--set  -:- OVERRIDE_INVALID '],
  ['an option for a section', { sets: ['database=5'] }, '--set database -:- UNKNOWN_KEY database'],
  [
    'an unknown option',
    { sets: ['database.max_database=5'] },
    '--set database.max_database -:- UNKNOWN_KEY database.max_database',
    'mean database.max_databases?',
  ],
  [
    'an option that makes a range too small',
    { yaml: 'log: {level: info}', sets: ['database.max_databases=2000'] },
    '--set database.max_databases -:- PORT_RANGE_TOO_SMALL database.max_databases',
    '999 ports',
  ],
]

const GATEWAY_CASES: readonly Case[] = [
  ['listening without port', 'gateway: {listen: localhost}', '1:19 WRONG_VALUE gateway.listen', 'host:port'],
  ['a port out of range', 'gateway: {listen: "0.0.0.0:99999"}', '1:19 WRONG_VALUE gateway.listen'],
  ['a size in an unknown unit', 'gateway: {max_body: 1TiB}', '1:21 WRONG_VALUE gateway.max_body', '8MiB'],
  ['a size too large', 'gateway: {max_body: 1GiB}', '1:21 OUT_OF_RANGE gateway.max_body', 'to 8388608 bytes'],
  ['a size too small', 'gateway: {max_body: 10}', '1:21 OUT_OF_RANGE gateway.max_body', 'from 1024'],
  [
    'an origin with a path',
    'gateway: {cors_origins: ["https://a.example/x"]}',
    '1:26 WRONG_VALUE gateway.cors_origins[0]',
    'an origin',
  ],
  ['a key of a node', 'database: {max_databases: 5}', '1:1 UNKNOWN_KEY database'],
  ['a timeout of 0', 'gateway: {query_timeout: 0}', '1:26 OUT_OF_RANGE gateway.query_timeout', 'from 10ms'],
]

describe('a wrong configuration is refused where it is wrong', () => {
  test.each(NODE_CASES)('node: %s', (_name, given, expected, ...words) => {
    const faults = faultsOf(loadNodeConfig, typeof given === 'string' ? { yaml: given } : given)
    expect(faults.map(summary)).toContain(expected)
    const message = faults.find((fault) => summary(fault) === expected)?.message ?? ''
    for (const word of words) expect(message).toContain(word)
  })

  test.each(GATEWAY_CASES)('gateway: %s', (_name, given, expected, ...words) => {
    const faults = faultsOf(loadGatewayConfig, typeof given === 'string' ? { yaml: given } : given)
    expect(faults.map(summary)).toEqual([expected])
    for (const word of words) expect(faults[0]?.message).toContain(word)
  })
})

describe('faults together', () => {
  test('all are told in one go, in the order of the file, options last', () => {
    const yaml =
      'node:\n  data_dir: 7\nlog:\n  level: loud\n  colour: red\n  level: info\ndatabase:\n  max_databases: 600\n'
    const faults = faultsOf(loadNodeConfig, { yaml, sets: ['rqlite.timing=x'], env: { DBCLUSTER_A__B: '1' } })
    expect(faults.map(summary)).toEqual([
      '2:13 WRONG_TYPE node.data_dir',
      '5:3 UNKNOWN_KEY log.colour',
      '6:3 DUPLICATE_KEY ',
      'environment DBCLUSTER_A__B -:- UNKNOWN_KEY a.b',
      '--set rqlite.timing -:- WRONG_VALUE rqlite.timing',
    ])
  })

  test('a wrong key brings no second fault that follows from it', () => {
    const yaml = 'database:\n  max_databases: x\n  port_range_http_start: 5990\n'
    expect(faultsOf(loadNodeConfig, { yaml }).map(summary)).toEqual(['2:18 WRONG_TYPE database.max_databases'])
  })

  test('each deprecated key is named', () => {
    const yaml = 'database:\n  data_dir: a\n  rqlite_port: 1\n  rqlite_raft_port: 2\n  rqlite_join_address: b\n'
    expect(faultsOf(loadNodeConfig, { yaml }).map((fault) => `${fault.code} ${fault.key}`)).toEqual([
      'DEPRECATED_KEY database.data_dir',
      'DEPRECATED_KEY database.rqlite_port',
      'DEPRECATED_KEY database.rqlite_raft_port',
      'DEPRECATED_KEY database.rqlite_join_address',
    ])
  })

  test('a secret is not shown', () => {
    const yaml =
      'auth: {jwt: [{algorithm: HS256, key: 424242}], api_keys: [{id: a, app: x, scope: read, hash: 9s3cr3t}]}'
    const text = JSON.stringify(faultsOf(loadNodeConfig, { yaml }))
    expect(text).toContain('auth.jwt[0].key')
    expect(text).toContain('auth.api_keys[0].hash')
    expect(text).not.toMatch(/424242|9s3cr3t/)
  })

  test('a file that is not there is told with the directory it was looked for in', () => {
    const load = () => loadNodeConfig({ file: 'missing.yaml', directory: DIRECTORY })
    expect(load).toThrow(/missing\.yaml: the file can't be read .*looked from \/srv\/dbcluster/)
  })

  test('a bomb of anchors is refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(', ')}]`,
    )
    const faults = faultsOf(loadNodeConfig, { yaml: `a0: &a0 [x]\n${levels.join('\n')}` })
    expect(faults.map(({ code }) => code)).toEqual(['YAML_SYNTAX'])
  })
})
