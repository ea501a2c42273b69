import { setTimeout as pause } from 'node:timers/promises'
import type { TestCluster } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { makeRowsSoon, rowsAt } from '../support/rows.js'
import { replicasOf } from '../support/rqlite-view.js'
import { stealRaftPort } from '../support/thief.js'

const WRITES = 60
const WRITERS = 3
const BETWEEN_MS = 300

/** `POST hibernate` at moments when a database is not simply awake and idle. */
export const describeSleepOnDemand = (of: () => TestCluster): void =>
  describe('a database that is sent to sleep', () => {
    test('right after a query woke it sleeps again, though its last replica is not up yet', async () => {
      const cluster = of()
      const database = 'demand-woken'
      const sleeps = async (): Promise<void> => {
        const { status, body } = await cluster.http.post('hibernate', { database })
        expect({ status, body }).toMatchObject({ status: 200, body: { status: 'hibernating' } })
        expect(replicasOf(cluster, database)).toEqual([])
      }
      await makeRowsSoon(cluster, database, [1, 2, 3])
      await sleeps()
      // What finds its port taken comes up only once the others serve, and joins them.
      const giveBack = await stealRaftPort(cluster, database, 2)
      try {
        expect(await rowsAt(cluster, 0, database, 'weak')).toEqual([1, 2, 3])
        const { replicas } = await cluster.ask(0, { op: 'status', database })
        expect(replicas.filter(({ status }) => status === 'active')).toHaveLength(2)
        await sleeps()
      } finally {
        await giveBack()
      }
      expect(await rowsAt(cluster, 2, database, 'strong')).toEqual([1, 2, 3])
    }, 120_000)

    test('while it is written to is refused or wakes again, and no write fails or is lost', async () => {
      const cluster = of()
      const database = 'demand-busy'
      await makeRowsSoon(cluster, database, [])
      let writing = true
      const answers: number[] = []
      const asking = async (): Promise<void> => {
        while (writing) {
          answers.push((await cluster.http.post('hibernate', { database })).status)
          // Writers come before the one who sends it to sleep.
          await pause(BETWEEN_MS)
        }
      }
      const write = async (writer: number): Promise<void> => {
        for (let at = 0; at < WRITES; at += 1) {
          const statement = { sql: 'INSERT INTO rows VALUES (?)', args: [at * WRITERS + writer] }
          await cluster.ask(at % 3, { op: 'execute', database, statement }, { timeoutMs: 30_000 })
        }
      }
      const asked = asking()
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer))).finally(() => {
        writing = false
      })
      await asked
      expect(answers.length).toBeGreaterThan(0)
      expect(answers.filter((status) => status !== 200 && status !== 409)).toEqual([])
      const rows = Array.from({ length: WRITES * WRITERS }, (_, at) => at)
      for (const node of [0, 1, 2]) expect(await rowsAt(cluster, node, database, 'strong')).toEqual(rows)
    }, 240_000)
  })
