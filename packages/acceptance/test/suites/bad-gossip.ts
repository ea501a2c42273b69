import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { METADATA_TOPIC } from '@dbcluster/protocol'
import { deriveKey } from '@dbcluster/runtime'
import { runAttacker, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { badGossip } from '../support/attack/bad-gossip.js'
import { residentMiB } from '../support/resident.js'
import { rowsAt } from '../support/rows.js'

/** Messages by each of the two attackers. */
const MESSAGES = Number(process.env.DBCLUSTER_BAD_GOSSIP ?? 1_000)
/** What a node may grow by; a leak of the messages themselves would be some hundred. */
const GROWTH_MIB = 200

/** What nodes know, and what lies on their disks. */
const stateOf = async (cluster: TestCluster, database: string): Promise<unknown> => {
  const nodes = await Promise.all(
    cluster.nodes.map(async ({ index, dataDir, pid }) => {
      const { nodes: known } = await cluster.ask(index, { op: 'networkStatus' })
      const { databases } = await cluster.ask(index, { op: 'list' })
      const status = await cluster.ask(index, { op: 'status', database })
      return {
        pid,
        nodes: known.map(({ peer_id, databases: count }) => `${peer_id} ${count}`).sort(),
        databases,
        clusterId: status.cluster_id,
        replicas: status.replicas.map(({ peer_id, raft_port }) => `${peer_id} ${raft_port}`).sort(),
        rows: await rowsAt(cluster, index, database),
        files: readdirSync(dataDir).sort(),
      }
    }),
  )
  const { keys } = await cluster.ask(0, { op: 'listKeys' })
  return { nodes, keys: keys.length, files: readdirSync(cluster.directory).sort(), escaped: existsSync('/tmp/escaped') }
}

/** What only nodes can derive, from the file that an attacker must never see. */
const memberSecretOf = (node: TestNode): string => {
  const clusterKey = Buffer.from(readFileSync(join(node.dataDir, 'keys', 'cluster.key'), 'utf8').trim(), 'hex')
  return Buffer.from(deriveKey(clusterKey, 'dbcluster/members/1', 32)).toString('hex')
}

/** Forged, replayed, oversized, malformed and future-dated gossip, by thousands. */
export const describeBadGossip = (of: () => TestCluster, database: string): void =>
  describe('bad gossip', () => {
    test.each([
      ['of a peer that holds the network key only', false],
      ['of one that holds the cluster key, too', true],
    ])(
      '%s changes nothing, ends nothing and leaves memory flat',
      async (_who, isMember) => {
        const cluster = of()
        const [node] = cluster.nodes
        if (node === undefined) throw new Error('no node')
        const peerIds = cluster.nodes.map(({ peerId }) => peerId)
        const before = await stateOf(cluster, database)
        const startMiB = residentMiB(node.pid)
        const logged = node.output.length
        const sizes: number[] = []
        for (const _half of [1, 2]) {
          const [result] = await runAttacker({
            target: node.multiaddrs[0] ?? '',
            networkKey: cluster.networkKey,
            attempts: [
              {
                kind: 'rogue',
                topic: METADATA_TOPIC,
                ...(isMember ? { memberSecret: memberSecretOf(node) } : {}),
                messages: badGossip({ peerIds, database: `${cluster.app}_${database}` }, MESSAGES / 2),
              },
            ],
          })
          sizes.push(residentMiB(node.pid))
          process.stdout.write(
            `${isMember ? 'cluster key' : 'network key'}: ${result?.sent} bad messages sent, ${result?.closedByNode} identities cut off${result?.reason === '' ? '' : ` (${result?.reason})`}; resident ${startMiB.toFixed(0)} MiB before, ${sizes.at(-1)?.toFixed(0)} after\n`,
          )
          expect(result).toMatchObject({ outcome: 'done' })
        }
        expect(await stateOf(cluster, database)).toEqual(before)
        expect(Math.max(...sizes) - startMiB).toBeLessThan(GROWTH_MIB)
        // They did come in as far as they could.
        const log = node.output.slice(logged)
        expect(log.includes(isMember ? 'Shut out a peer that misbehaved' : 'misdeed=streamsRefused')).toBe(true)
        expect(log.includes('A message was dropped')).toBe(isMember)
      },
      600_000,
    )
  })
