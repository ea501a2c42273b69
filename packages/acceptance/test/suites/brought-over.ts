import { eventually, isAlive, type TestCluster } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { speaksPlainRaft, unprotect } from '../support/plain-replica.js'
import { makeRowsSoon, rowsAt, writeSoon } from '../support/rows.js'
import { localValue, membersOf, replicasOf } from '../support/rqlite-view.js'

/** Replicas as they were before there was protection: HTTP without a credential, Raft without TLS. */
export const describeBroughtOver = (of: () => TestCluster): void =>
  describe('a database that was made before there was protection', () => {
    test('is brought over as its nodes start, with every row and as the same cluster', async () => {
      const cluster = of()
      await makeRowsSoon(cluster, 'open', [1, 2])
      const { cluster_id } = await cluster.ask(0, { op: 'status', database: 'open' })
      // Their rqlited live on, and are what is put in the place of.
      await Promise.all(cluster.nodes.map((node) => node.kill('SIGKILL')))
      for (const { node, ...rqlited } of replicasOf(cluster, 'open')) {
        await unprotect(rqlited, cluster.nodes[node]?.dataDir ?? '')
      }
      const plain = replicasOf(cluster, 'open')
      expect(plain.map(({ headers }) => headers)).toEqual([{}, {}, {}])
      await eventually(
        'the unprotected replicas have a leader and the rows, for whoever asks',
        async () => {
          const views = await Promise.all(plain.map(membersOf))
          const counts = await Promise.all(plain.map((one) => localValue(one, 'SELECT count(*) FROM rows')))
          return views.every((view) => view.some(({ leader }) => leader)) && counts.every((count) => count === 2)
        },
        { limitMs: 60_000 },
      )
      for (const { raftPort } of plain) expect(await speaksPlainRaft(raftPort)).toBe(true)

      for (const node of cluster.nodes) await node.start()
      await cluster.settled()
      await writeSoon(cluster, 0, 'open', 3)
      for (const node of [0, 1, 2]) expect(await rowsAt(cluster, node, 'open')).toEqual([1, 2, 3])
      expect((await cluster.ask(1, { op: 'status', database: 'open' })).cluster_id).toBe(cluster_id)
      await eventually(
        'each replica runs anew, and all three vote',
        async () => {
          const views = await Promise.all(replicasOf(cluster, 'open').map(membersOf))
          return views.length === 3 && views.every((view) => view.length === 3 && view.every(({ voter }) => voter))
        },
        { limitMs: 60_000 },
      )
      expect(plain.filter(isAlive)).toEqual([])
      const replicas = replicasOf(cluster, 'open')
      for (const { httpPort, raftPort } of replicas) {
        expect((await fetch(`http://127.0.0.1:${httpPort}/status`)).status).toBe(401)
        expect(await speaksPlainRaft(raftPort)).toBe(false)
      }
    }, 300_000)
  })
