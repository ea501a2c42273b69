import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, signalProcess, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterEach, describe, expect, test } from '@jest/globals'
import { hibernate } from './support/asleep.js'
import { killAll, leaderOf, makeUsers, nodeAt, placedOn, REPLACED_LIMIT_MS, settledOn } from './support/placement.js'
import { rowsAt, writeSoon } from './support/rows.js'
import { startWriters } from './support/writers.js'

let cluster: TestCluster
afterEach(() => cluster?.stop(), 30_000)

const start = async (): Promise<void> => {
  // A machine that is busy must not look like one that is dead.
  const sets = ['database.hibernation_timeout=0', 'discovery.health_check_interval=3s']
  cluster = await startTestCluster({ nodes: 4, gateway: false, sets })
}

/** Who has a replica, who leads, who has none. */
const look = async (): Promise<{
  readonly placed: readonly number[]
  readonly leader: number
  readonly spare: number
}> => {
  await makeUsers(cluster)
  const placed = await placedOn(cluster, 0, 'users')
  const leader = await leaderOf(cluster, 0, 'users')
  return { placed, leader, spare: [0, 1, 2, 3].find((node) => !placed.includes(node)) ?? 0 }
}

const isSetAside = (node: number): Promise<unknown> =>
  eventually(
    `the copy on node ${node} is set aside`,
    () => {
      const { dataDir } = nodeAt(cluster, node)
      const quarantine = join(dataDir, 'quarantine')
      const kept = existsSync(quarantine) && readdirSync(quarantine).some((name) => name.startsWith('demo_users.'))
      return kept && !existsSync(join(dataDir, 'demo_users'))
    },
    { limitMs: REPLACED_LIMIT_MS },
  )

describe('a node that dies', () => {
  test.each(['a follower', 'the leader'])(
    'with its rqlited, which is %s: a node without a replica takes its place while writes go on, none is lost; its own copy is set aside when it returns',
    async (which) => {
      await start()
      const { placed, leader, spare } = await look()
      const victim = which === 'the leader' ? leader : (placed.find((node) => node !== leader) ?? leader)
      const writers = await startWriters([cluster.client(spare)], 'users')
      await writers.reached(50)
      await killAll(nodeAt(cluster, victim))
      const diedMs = performance.now()
      const after = [...placed.filter((node) => node !== victim), spare].sort()
      await settledOn(cluster, 'users', { nodes: after, ask: spare })
      process.stdout.write(`\n${which} replaced within ${Math.round(performance.now() - diedMs)} ms\n`)
      await writers.reached(writers.acknowledged.length + 50)
      await writers.stop()
      const rows = new Set(await rowsAt(cluster, spare, 'users', 'strong'))
      expect(writers.acknowledged.filter((row) => !rows.has(row))).toEqual([])

      await nodeAt(cluster, victim).start()
      await isSetAside(victim)
      expect(await placedOn(cluster, victim, 'users')).toEqual(after)
    },
    600_000,
  )

  test('without its rqlited, which goes on leading, or only pauses: it is replaced, and does no harm when it comes back', async () => {
    await start()
    const { placed, leader, spare } = await look()
    nodeAt(cluster, leader).signal('SIGSTOP')
    const after = [...placed.filter((node) => node !== leader), spare].sort()
    await settledOn(cluster, 'users', { nodes: after, ask: spare })
    await writeSoon(cluster, spare, 'users', 1)
    nodeAt(cluster, leader).signal('SIGCONT')
    await isSetAside(leader)
    expect(await rowsAt(cluster, spare, 'users', 'strong')).toEqual([0, 1])
  }, 600_000)
})

describe('a node that dies while a database sleeps', () => {
  test('is replaced: the database is woken for it; its own copy is set aside when it returns, and nothing is lost', async () => {
    await start()
    const { placed, spare } = await look()
    await writeSoon(cluster, spare, 'users', 1)
    await hibernate(cluster, spare, 'users')
    const [victim = 0, witness = 0] = placed
    await killAll(nodeAt(cluster, victim))
    const diedMs = performance.now()
    const after = [...placed.filter((node) => node !== victim), spare].sort()
    await settledOn(cluster, 'users', { nodes: after, ask: spare })
    process.stdout.write(`\nreplaced asleep within ${Math.round(performance.now() - diedMs)} ms\n`)
    await writeSoon(cluster, witness, 'users', 2)
    await nodeAt(cluster, victim).start()
    await isSetAside(victim)
    expect(await rowsAt(cluster, victim, 'users', 'strong')).toEqual([0, 1, 2])
    expect(await placedOn(cluster, victim, 'users')).toEqual(after)
  }, 600_000)
})

describe('a newcomer', () => {
  test('that is paused in the middle of a replacement holds up no write', async () => {
    await start()
    const { placed, leader, spare } = await look()
    const victim = placed.find((node) => node !== leader) ?? leader
    await killAll(nodeAt(cluster, victim))
    const own = await eventually('the newcomer is up', () => nodeAt(cluster, spare).rqliteds()[0], {
      limitMs: REPLACED_LIMIT_MS,
    })
    nodeAt(cluster, spare).signal('SIGSTOP')
    signalProcess(own, 'SIGSTOP')
    for (const n of [1, 2, 3]) await writeSoon(cluster, leader, 'users', n)
    signalProcess(own, 'SIGCONT')
    nodeAt(cluster, spare).signal('SIGCONT')
    const after = [...placed.filter((node) => node !== victim), spare].sort()
    await settledOn(cluster, 'users', { nodes: after, ask: leader })
    expect(await rowsAt(cluster, leader, 'users', 'strong')).toEqual([0, 1, 2, 3])
  }, 600_000)
})
