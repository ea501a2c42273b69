import { eventually, type TestCluster } from '@dbcluster/testkit'
import { afterEach, describe, expect, test } from '@jest/globals'
import { allActive, hibernate } from '../support/asleep.js'
import { nodeAt, REPLACED_LIMIT_MS } from '../support/placement.js'
import { makeRowsSoon, rowsAt, writeSoon } from '../support/rows.js'
import { membersOf, replicasOf } from '../support/rqlite-view.js'
import { stealRaftPort } from '../support/thief.js'

const LIMIT_MS = 300_000

/** Others take the ports of replicas that sleep. */
export const describeStolenPorts = (of: () => TestCluster): void =>
  describe('ports that are taken while a database sleeps', () => {
    let thieves: (() => Promise<void>)[] = []
    afterEach(async () => {
      await Promise.all(thieves.map((giveBack) => giveBack()))
      thieves = []
    })

    const steal = async (database: string, nodes: readonly number[]): Promise<void> => {
      for (const node of nodes) thieves.push(await stealRaftPort(of(), database, node))
    }

    /** It has all three voters where they run, and each replica has every row. */
    const isWhole = async (database: string, rows: readonly number[]): Promise<void> => {
      await allActive(of(), 0, database)
      for (const node of [0, 1, 2]) {
        await eventually(
          `node ${node} has all rows itself`,
          async () => String(await rowsAt(of(), node, database, 'none')) === String(rows),
          { limitMs: REPLACED_LIMIT_MS },
        )
      }
      const replicas = replicasOf(of(), database)
      expect(replicas).toHaveLength(3)
      for (const replica of replicas) {
        const members = await membersOf(replica)
        expect(members.map(({ voter }) => voter)).toEqual([true, true, true])
      }
    }

    test.each([
      ['one of three', 'stolen-one', [1]],
      ['two of three', 'stolen-two', [0, 2]],
      ['all', 'stolen-all', [0, 1, 2]],
    ])(
      '%s: it wakes all the same, and every replica takes part',
      async (_, database, nodes) => {
        await makeRowsSoon(of(), database, [1, 2])
        await hibernate(of(), 0, database)
        await steal(database, nodes)
        expect(await rowsAt(of(), 1, database, 'strong')).toEqual([1, 2])
        await writeSoon(of(), 2, database, 3)
        await isWhole(database, [1, 2, 3])
        // Where it woke is its home now.
        await hibernate(of(), 0, database)
        expect(await rowsAt(of(), 0, database, 'strong')).toEqual([1, 2, 3])
        await isWhole(database, [1, 2, 3])
      },
      LIMIT_MS,
    )

    test(
      'one of the two that are there, the third being away: no wedge, and the third joins them when it is back',
      async () => {
        const database = 'stolen-and-away'
        await makeRowsSoon(of(), database, [1, 2])
        await hibernate(of(), 0, database)
        await nodeAt(of(), 2).kill('SIGTERM')
        await steal(database, [1])
        await writeSoon(of(), 1, database, 3)
        await writeSoon(of(), 0, database, 4)
        expect(await rowsAt(of(), 0, database, 'strong')).toEqual([1, 2, 3, 4])
        await nodeAt(of(), 2).start()
        await of().settled()
        await writeSoon(of(), 2, database, 5)
        await isWhole(database, [1, 2, 3, 4, 5])
      },
      LIMIT_MS,
    )
  })
