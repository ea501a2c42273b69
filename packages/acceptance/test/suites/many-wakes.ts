import { eventually, type TestCluster } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { hibernate } from '../support/asleep.js'
import { makeRowsSoon } from '../support/rows.js'
import { replicasOf } from '../support/rqlite-view.js'

/** The promise is of twenty; sixty processes that start at once are too much for a machine that is busy with other things. */
const DATABASES = Number(process.env.DBCLUSTER_TEST_WAKES ?? 6)
/** The caller's patience, over as many requests as it takes. */
const AWAKE_LIMIT_MS = 60_000
/** Databases that are made side by side, each three processes. */
const LANES = 2

export const describeManyWakes = (of: () => TestCluster): void =>
  describe(`${DATABASES} databases that sleep`, () => {
    test('all wake when all are asked at once through gateway and nodes; whoever waits too long is told to come again, and nothing else fails', async () => {
      const cluster = of()
      const names = Array.from({ length: DATABASES }, (_, at) => `many-${at}`)
      const lane = async (first: number): Promise<void> => {
        for (let at = first; at < DATABASES; at += LANES) {
          await makeRowsSoon(cluster, `many-${at}`, [at])
          await hibernate(cluster, at % 3, `many-${at}`)
        }
      }
      await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)))
      const clients = [cluster.client(0), cluster.client(1), cluster.client(2), cluster.httpClient()]
      const databases = await Promise.all(names.map(async (name, at) => clients[at % 4]?.database(name)))
      let told = 0
      // A wake-up that takes too long is told as such, and nothing was applied.
      const others: unknown[] = []
      const again = (error: { readonly code?: string }): undefined => {
        if (error.code === 'DATABASE_WAKING') told += 1
        else others.push(error)
      }
      const startedMs = performance.now()
      const seen = await Promise.all(
        databases.map((database, at) =>
          eventually(
            `many-${at} is awake`,
            async () => {
              const { rows } = (await database?.query<{ n: number }>('SELECT n FROM rows').catch(again)) ?? {}
              return rows?.map(({ n }) => n)
            },
            { limitMs: AWAKE_LIMIT_MS },
          ),
        ),
      )
      const tookMs = Math.round(performance.now() - startedMs)
      process.stdout.write(
        `\n${DATABASES} databases woke within ${tookMs} ms, ${told} requests were told to come again\n`,
      )
      expect(others).toEqual([])
      expect(seen).toEqual(names.map((_, at) => [at]))
      for (let at = 0; at < DATABASES; at += 1) {
        await hibernate(cluster, at % 3, `many-${at}`)
        expect(replicasOf(cluster, `many-${at}`)).toEqual([])
      }
    }, 600_000)
  })
