import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createApiKey } from '@dbcluster/auth'
import { METADATA_TOPIC } from '@dbcluster/protocol'
import {
  createTestIssuer,
  eventually,
  forgedTokens,
  processesIn,
  runAttacker,
  startTestCluster,
  type TestCluster,
} from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeBadGossip } from './suites/bad-gossip.js'
import { type Attacker, attackAll } from './support/attack/attack.js'
import { httpRows } from './support/attack/http-rows.js'
import { operationRows, protocolRows, topicRows } from './support/attack/libp2p-rows.js'
import { listeningPorts } from './support/attack/listening.js'
import { rqlitedRows } from './support/attack/rqlited-rows.js'
import { residentMiB } from './support/resident.js'
import { makeRows, rowsAt } from './support/rows.js'
import { replicasOf } from './support/rqlite-view.js'

const DATABASE = 'users'
const issuer = createTestIssuer()

/** Three nodes and a gateway, attacked from other processes. */
let cluster: TestCluster
let target = ''
beforeAll(async () => {
  cluster = await startTestCluster({
    jwt: [{ algorithm: 'RS256', key: issuer.publicKey, audience: 'dbcluster' }],
    keys: { reader: { app: 'demo', scope: 'read' } },
    // Its replicas are attacked for longer than it would stay awake.
    sets: ['database.hibernation_timeout=0'],
  })
  target = cluster.nodes[0]?.multiaddrs[0] ?? ''
  await eventually(
    'the database is there',
    () =>
      cluster
        .client()
        .database(DATABASE)
        .then(() => true),
    { limitMs: 40_000 },
  )
  await makeRows(cluster, DATABASE, [1, 2, 3])
}, 120_000)
afterAll(() => cluster?.stop(), 30_000)

/** A key that was good until a moment ago. */
const revokedKey = async (): Promise<string> => {
  const { key, record } = createApiKey({ app: 'demo', scope: 'admin' })
  await cluster.ask(0, { op: 'createKey', hash: record.hash, scope: 'admin' })
  await cluster.ask(0, { op: 'revokeKey', id: record.id })
  return key
}

const attackers = async (): Promise<readonly Attacker[]> => {
  const { networkKey } = cluster
  const forged = forgedTokens(issuer)
  const credentials = {
    'foreign token': forged.foreign,
    expired: forged.expired,
    'alg none': forged['alg none'],
    'HS256 by public key': forged['HS256 with public key'],
    revoked: await revokedKey(),
  }
  return [
    { name: 'no network key', credential: '', reads: false },
    { name: 'network key only', networkKey, credential: '', reads: false },
    ...Object.entries(credentials).map(([name, credential = '']) => ({ name, networkKey, credential, reads: false })),
    { name: 'read-only', networkKey, credential: cluster.keys.reader ?? '', reads: true },
  ]
}

describe('whoever lacks the right key or token', () => {
  test('gets nothing at any endpoint, protocol, topic and port', async () => {
    const [asked] = await runAttacker({
      target,
      networkKey: cluster.networkKey,
      attempts: [{ kind: 'protocols' }],
    })
    const protocols = asked?.protocols ?? []
    expect(protocols).toEqual(expect.arrayContaining(['/dbcluster/node/1', '/dbcluster/forward/1', '/meshsub/1.2.0']))
    const replicas = replicasOf(cluster, DATABASE)
    expect(replicas).toHaveLength(3)
    const { cluster_id: clusterId } = await cluster.ask(0, { op: 'status', database: DATABASE })
    const checksRaftClients = !cluster.nodes.some(({ output }) => output.includes('does not check who connects'))
    const rows = [
      ...httpRows(cluster.gateway.url, DATABASE),
      ...protocolRows(protocols),
      ...operationRows(DATABASE),
      ...topicRows([METADATA_TOPIC]),
      ...rqlitedRows({ replicas, clusterId, checksRaftClients }),
    ]
    const { table, openings } = await attackAll(target, await attackers(), rows)
    process.stdout.write(`\n${table}\n`)
    if (!checksRaftClients) process.stdout.write('let in: this rqlited checks no certificates (SECURITY.md)\n')
    expect(openings).toEqual([])
  }, 600_000)

  test('has changed nothing', async () => {
    await cluster.settled()
    expect(await cluster.client().databases.list()).toEqual([DATABASE])
    for (const node of [0, 1, 2]) expect(await rowsAt(cluster, node, DATABASE)).toEqual([1, 2, 3])
    const { tables } = await cluster.ask(0, { op: 'schema', database: DATABASE })
    expect(tables.map(({ name }) => name)).toEqual(['rows'])
    const { keys } = await cluster.ask(0, { op: 'listKeys' })
    expect(keys.filter(({ scope, revoked }) => scope === 'admin' && !revoked)).toEqual([])
  })

  test('with another network key is not connected', async () => {
    const networkKey = cluster.networkKey.replace(/[0-9a-f]{64}/, 'ab'.repeat(32))
    expect(await runAttacker({ target, networkKey, attempts: [{ kind: 'connect' }] })).toMatchObject([
      { outcome: 'not connected' },
    ])
  })

  test('was tried on every port on which a process of the cluster listens', () => {
    const attacked = [
      ...cluster.nodes.flatMap(({ multiaddrs }) => multiaddrs.map((address) => Number(address.split('/')[4]))),
      Number(new URL(cluster.gateway.url).port),
      ...replicasOf(cluster, DATABASE).flatMap(({ httpPort, raftPort }) => [httpPort, raftPort]),
    ]
    expect(listeningPorts(cluster.directory)).toEqual([...new Set(attacked)].sort((a, b) => a - b))
  })
})

describeBadGossip(() => cluster, DATABASE)

test('no key is in the arguments or the environment of any process of the cluster, nor in its logs', () => {
  const keys = join(cluster.nodes[0]?.dataDir ?? '', 'keys')
  const secrets = readdirSync(keys)
    .flatMap((file) => readFileSync(join(keys, file), 'utf8').split('\n'))
    .filter((line) => line.length >= 40)
  expect(secrets.length).toBeGreaterThanOrEqual(3)
  const shown = [
    ...processesIn(cluster.directory).flatMap(({ pid }) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]),
    ...readdirSync(cluster.directory)
      .filter((file) => file.endsWith('.log'))
      .map((file) => join(cluster.directory, file)),
  ]
  expect(shown.length).toBeGreaterThanOrEqual(15)
  for (const file of shown) {
    const content = readFileSync(file, 'utf8').toLowerCase()
    expect(secrets.filter((secret) => content.includes(secret.toLowerCase()))).toEqual([])
  }
})

/** Connections of the flood; 10,000 took a minute on two busy cores. */
const CONNECTIONS = Number(process.env.DBCLUSTER_FLOOD_CONNECTIONS ?? 2_000)

test(`${CONNECTIONS} connections that say nothing, or garbage, leave others served and the node small`, async () => {
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  const database = await cluster.client(0).database('users')
  const ask = async (count: number): Promise<number> => {
    const took: number[] = []
    for (let index = 0; index < count; index++) {
      const start = performance.now()
      await database.query('SELECT 1')
      took.push(performance.now() - start)
    }
    return took.sort((a, b) => a - b)[Math.floor(count / 2)] ?? Number.NaN
  }
  await ask(50)
  const before = { medianMs: await ask(200), residentMiB: residentMiB(node.pid) }
  const flood = { kind: 'flood', count: CONNECTIONS / 2, open: CONNECTIONS / 10 } as const
  const attack = runAttacker({ target, attempts: [flood, { ...flood, garbage: true }] })
  let ended = false
  void attack.finally(() => {
    ended = true
  })
  const during: number[] = []
  let mostMiB = 0
  while (!ended) {
    during.push(await ask(20))
    mostMiB = Math.max(mostMiB, residentMiB(node.pid))
  }
  const results = await attack
  const medianMs = during.sort((a, b) => a - b)[Math.floor(during.length / 2)] ?? Number.NaN
  process.stdout.write(
    `${CONNECTIONS} connections: median of a query ${before.medianMs.toFixed(2)} ms before, ${medianMs.toFixed(2)} ms during ` +
      `(x ${(medianMs / before.medianMs).toFixed(1)}); resident ${before.residentMiB.toFixed(0)} MiB before, ` +
      `at most ${mostMiB.toFixed(0)} during; ${JSON.stringify(results)}\n`,
  )
  expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
  expect(mostMiB).toBeLessThan(600)
  // A newcomer gets in, and the nodes still know each other.
  await eventually('a new client is served', async () => {
    const fresh = await cluster.client(0).database('users')
    return (await fresh.query('SELECT 1')).rows.length === 1
  })
  await cluster.settled()
}, 300_000)
