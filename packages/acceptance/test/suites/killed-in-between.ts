import { setTimeout as pause } from 'node:timers/promises'
import type { TestCluster, TestNode } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { allActive, hibernate } from '../support/asleep.js'
import { chanceFrom } from '../support/chance.js'
import { nodeAt } from '../support/placement.js'
import { makeRowsSoon, rowsAt, writeSoon } from '../support/rows.js'

const ROUNDS = Number(process.env.DBCLUSTER_TEST_KILLS ?? 2)
const seed = Number(process.env.DBCLUSTER_TEST_SEED ?? Date.now() % 2 ** 31)
/** A sleep takes some 100 ms, a wake-up three times that. */
const MOMENT_MS = { sleep: 150, wake: 500 } as const

/** The node that coordinates a sleep dies in the middle of it, or of the wake-up. */
export const describeKilledInBetween = (of: () => TestCluster): void =>
  describe(`the coordinator's node is killed (seed ${seed})`, () => {
    const coordinator = (): TestNode =>
      [...of().nodes].sort((a, b) => (a.peerId < b.peerId ? -1 : 1))[0] ?? nodeAt(of(), 0)
    const chance = chanceFrom(seed)

    test.each(['sleep', 'wake'] as const)(
      'in the middle of a %s: the others serve, and every row is there when it is back',
      async (what) => {
        const cluster = of()
        const database = `killed-${what}`
        await makeRowsSoon(cluster, database, [])
        const { cluster_id } = await cluster.ask(0, { op: 'status', database })
        const victim = coordinator()
        const [first = 0, second = 0] = [0, 1, 2].filter((node) => node !== victim.index)
        for (let round = 1; round <= ROUNDS; round += 1) {
          await writeSoon(cluster, first, database, 2 * round - 1)
          await allActive(cluster, first, database)
          if (what === 'wake') await hibernate(cluster, first, database)
          const operation =
            what === 'wake' ? ({ op: 'wake', database } as const) : ({ op: 'hibernate', database } as const)
          // Whether it is done, refused or cut off: that is what the queries below must not depend on.
          const asked = cluster.ask(victim.index, operation).catch(() => undefined)
          await pause(chance.integer(0, MOMENT_MS[what]))
          await victim.kill('SIGKILL')
          await writeSoon(cluster, second, database, 2 * round)
          const rows = Array.from({ length: 2 * round }, (_, at) => at + 1)
          expect(await rowsAt(cluster, first, database, 'strong')).toEqual(rows)
          await asked
          await victim.start()
          await cluster.settled()
          await allActive(cluster, victim.index, database)
          expect(await rowsAt(cluster, victim.index, database, 'strong')).toEqual(rows)
          expect((await cluster.ask(victim.index, { op: 'status', database })).cluster_id).toBe(cluster_id)
        }
      },
      120_000 + ROUNDS * 60_000,
    )
  })
