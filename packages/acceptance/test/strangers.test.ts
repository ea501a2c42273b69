import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, processesIn, runAttacker, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

/** Three nodes, attacked from other processes. */
let cluster: TestCluster
let target = ''
beforeAll(async () => {
  cluster = await startTestCluster({ gateway: false })
  target = cluster.nodes[0]?.multiaddrs[0] ?? ''
  await eventually(
    'the database is there',
    () =>
      cluster
        .client()
        .database('users')
        .then(() => true),
    { limitMs: 40_000 },
  )
}, 90_000)
afterAll(() => cluster?.stop(), 30_000)

const MEMBERS_ONLY = [
  '/dbcluster/node/1',
  '/dbcluster/forward/1',
  '/dbcluster/kad/1.0.0',
  '/meshsub/1.0.0',
  '/meshsub/1.1.0',
  '/meshsub/1.2.0',
]
/** What a frame of a request looks like, with nothing sensible in it. */
const FRAME = '00000003010000000100ff00'

describe('a stranger', () => {
  test('without the network key is never connected, whatever it speaks', async () => {
    const results = await runAttacker({
      target,
      attempts: [{ kind: 'connect' }, { kind: 'speak', protocol: '/dbcluster/client/1' }],
    })
    expect(results.map(({ outcome }) => outcome)).toEqual(['not connected', 'not connected'])
  })

  test('with another network key is not either', async () => {
    const networkKey = cluster.networkKey.replace(/[0-9a-f]{64}/, 'ab'.repeat(32))
    expect(await runAttacker({ target, networkKey, attempts: [{ kind: 'connect' }] })).toMatchObject([
      { outcome: 'not connected' },
    ])
  })

  test.each(MEMBERS_ONLY)('with the network key alone gets nothing on %s', async (protocol) => {
    const [result] = await runAttacker({
      target,
      networkKey: cluster.networkKey,
      attempts: [{ kind: 'speak', protocol, hex: FRAME }],
    })
    expect(result).toMatchObject({ outcome: 'reset', received: 0 })
  })

  test('with the network key alone can ask, and without a credential is told so', async () => {
    const [connected, asked, admission] = await runAttacker({
      target,
      networkKey: cluster.networkKey,
      attempts: [
        { kind: 'connect' },
        { kind: 'speak', protocol: '/dbcluster/client/1', hex: FRAME },
        { kind: 'speak', protocol: '/dbcluster/admission/1', hex: `20${'00'.repeat(32)}70${'00'.repeat(112)}` },
      ],
    })
    expect(connected).toMatchObject({ outcome: 'connected' })
    expect(asked).toMatchObject({ outcome: 'answered' })
    // The nonce of the other side, and nothing that depends on a key.
    expect(admission).toMatchObject({ outcome: 'answered', received: 33 })
  })

  test('with the network key alone neither hears gossip nor is heard', async () => {
    const [result] = await runAttacker({
      target,
      networkKey: cluster.networkKey,
      attempts: [{ kind: 'gossip', topic: 'dbcluster/metadata/1', messages: Array(200).fill('a1647479706561') }],
    })
    expect(result).toMatchObject({ outcome: 'nothing', heard: 0, sent: 0 })
  })

  test('has changed nothing', async () => {
    await cluster.settled()
    expect(await cluster.client().databases.list()).toEqual(['users'])
  })
})

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

test('10,000 connections that say nothing, or garbage, leave others served and the node small', async () => {
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  const database = await cluster.client(0).database('users')
  const residentMiB = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${node.pid}/status`, 'utf8'))?.[1]) / 1024
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
  const before = { medianMs: await ask(200), residentMiB: residentMiB() }
  const flood = { kind: 'flood', count: 5_000, open: 1_000 } as const
  const attack = runAttacker({ target, attempts: [flood, { ...flood, garbage: true }] })
  let ended = false
  void attack.finally(() => {
    ended = true
  })
  const during: number[] = []
  let mostMiB = 0
  while (!ended) {
    during.push(await ask(20))
    mostMiB = Math.max(mostMiB, residentMiB())
  }
  const results = await attack
  const medianMs = during.sort((a, b) => a - b)[Math.floor(during.length / 2)] ?? Number.NaN
  process.stdout.write(
    `10,000 connections: median of a query ${before.medianMs.toFixed(2)} ms before, ${medianMs.toFixed(2)} ms during ` +
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
}, 120_000)
