import { setTimeout as pause } from 'node:timers/promises'
import type { Client, Database } from '@dbcluster/client'
import { eventually, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { boundReplicaPorts } from './support/bound-ports.js'
import { type Chance, chanceFrom } from './support/chance.js'
import { makeUsers } from './support/placement.js'
import { rowsAt } from './support/rows.js'
import { membersOf, replicasOf } from './support/rqlite-view.js'

/** A handful shows that it works at all; hundreds meet the rare moments. */
const CYCLES = Number(process.env.DBCLUSTER_TEST_CYCLES ?? 12)
const seed = Number(process.env.DBCLUSTER_TEST_SEED ?? Date.now() % 2 ** 31)

const IDLE_MS = 400
/** Queries of one cycle come up to so long after the last one: before, during and after the shutdown. */
const WINDOW_MS = 1_200
/** The promise of a wake-up is 8 s; a machine that does much else at the time may take longer. */
const ANSWER_LIMIT_MS = 30_000
const ASLEEP_LIMIT_MS = 60_000

let cluster: TestCluster
let clients: readonly Client[]
beforeAll(async () => {
  cluster = await startTestCluster({ sets: [`database.hibernation_timeout=${IDLE_MS}ms`] })
  clients = [cluster.client(0), cluster.client(1), cluster.client(2), cluster.httpClient()]
}, 120_000)
afterAll(() => cluster?.stop(), 30_000)

/** What may not change, however often it sleeps. */
const identity = async (): Promise<{ readonly cluster: string; readonly members: readonly string[] }> => {
  const { cluster_id, replicas } = await cluster.ask(0, { op: 'status', database: 'users' })
  return { cluster: cluster_id ?? '', members: replicas.map((replica) => replica.peer_id).sort() }
}

const asleep = (cycle: number): Promise<unknown> =>
  eventually(
    `users sleeps in cycle ${cycle}, with no process and no port left`,
    async () => {
      if (replicasOf(cluster, 'users').length > 0 || boundReplicaPorts(cluster).length > 0) return false
      const { status } = await cluster.ask(cycle % 3, { op: 'status', database: 'users' })
      return status === 'hibernating'
    },
    { limitMs: ASLEEP_LIMIT_MS },
  )

/** What the queries of all cycles have written and seen. */
interface Ledger {
  readonly acknowledged: Set<number>
  next: number
  wokeMs: number[]
}

/** One query at its moment. Rejects when it fails, or has lost sight of what was acknowledged before it began. */
const query = async (database: Database, chance: Chance, ledger: Ledger): Promise<void> => {
  await pause(chance.integer(0, WINDOW_MS))
  const options = { timeoutMs: ANSWER_LIMIT_MS }
  if (chance.happens(0.5)) {
    const n = ledger.next
    ledger.next += 1
    const { meta } = await database.execute('INSERT INTO rows VALUES (?)', [n], options)
    ledger.acknowledged.add(n)
    if (meta.wokeMs !== undefined) ledger.wokeMs.push(meta.wokeMs)
    return
  }
  const least = ledger.acknowledged.size
  const consistency = chance.happens(0.5) ? 'strong' : 'weak'
  const { rows, meta } = await database.query<{ n: number }>('SELECT count(*) AS n FROM rows', [], {
    ...options,
    consistency,
  })
  if (meta.wokeMs !== undefined) ledger.wokeMs.push(meta.wokeMs)
  expect({ consistency, seen: Number(rows[0]?.n) >= least }).toEqual({ consistency, seen: true })
}

describe('a database that sleeps and wakes', () => {
  test(
    `loses nothing and fails no query in ${CYCLES} cycles with queries around each shutdown (seed ${seed})`,
    async () => {
      await makeUsers(cluster)
      const chance = chanceFrom(seed)
      const handles = await Promise.all(clients.map((client) => client.database('users')))
      const before = await identity()
      const ledger: Ledger = { acknowledged: new Set([0]), next: 1, wokeMs: [] }
      for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
        const due = handles.flatMap((handle) => (chance.happens(0.6) ? [query(handle, chance, ledger)] : []))
        // On demand as well, whatever else is under way: being refused is an answer.
        const demand = chance.happens(0.3)
          ? pause(chance.integer(0, WINDOW_MS)).then(() => cluster.http.post('hibernate', { database: 'users' }))
          : undefined
        await Promise.all(due)
        expect([undefined, 200, 409]).toContain((await demand)?.status)
        await asleep(cycle)
      }
      const rows = await rowsAt(cluster, 0, 'users', 'strong')
      expect([...rows].sort()).toEqual([...ledger.acknowledged].sort())
      expect(await identity()).toEqual(before)
      for (const node of [0, 1, 2]) {
        await eventually(
          `node ${node} has every row itself`,
          async () => (await rowsAt(cluster, node, 'users', 'none')).length === rows.length,
          { limitMs: ASLEEP_LIMIT_MS },
        )
      }
      const [one] = replicasOf(cluster, 'users')
      const members = one === undefined ? [] : await membersOf(one)
      expect(members.map(({ voter }) => voter)).toEqual([true, true, true])
      if (CYCLES > 12) process.stdout.write(`\n${summary(ledger)}\n`)
    },
    60_000 + CYCLES * 20_000,
  )
})

const summary = ({ acknowledged, wokeMs }: Ledger): string => {
  const sorted = [...wokeMs].sort((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
  const waits = `${sorted.length} queries waited for a wake-up, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
  return `${CYCLES} cycles, seed ${seed}: ${acknowledged.size} rows written, none lost, no query failed; ${waits}`
}
