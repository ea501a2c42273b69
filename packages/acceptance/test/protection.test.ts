import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, startTestCluster, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeBroughtOver } from './suites/brought-over.js'
import { describeKeyRotation } from './suites/key-rotation.js'
import { replicasOf } from './support/rqlite-view.js'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ gateway: false })
}, 180_000)
afterAll(() => cluster?.stop(), 30_000)

/** On a busy machine a creation may need a second attempt. */
const opened = (database: string): Promise<unknown> =>
  eventually(`${database} is there`, () => cluster.ask(0, { op: 'open', database }, { timeoutMs: 30_000 }), {
    limitMs: 90_000,
  })

const clusterKeyFile = (node: TestNode): string => join(node.dataDir, 'keys', 'cluster.key')

describe('the processes of a database', () => {
  test('take the credential of their own database and of no other', async () => {
    for (const database of ['guarded', 'neighbour']) await opened(database)
    const [own] = replicasOf(cluster, 'guarded')
    const [other] = replicasOf(cluster, 'neighbour')
    const status = async (headers: Readonly<Record<string, string>> = {}): Promise<number> =>
      (await fetch(`http://127.0.0.1:${own?.httpPort}/status`, { headers })).status
    expect([await status(own?.headers), await status(other?.headers)]).toEqual([200, 401])
  }, 200_000)

  test('are told no secret in arguments or environment, and keep theirs in files of their owner', () => {
    const replicas = replicasOf(cluster, 'guarded')
    expect(replicas).toHaveLength(3)
    for (const { pid, node, headers } of replicas) {
      const key = readFileSync(clusterKeyFile(cluster.nodes[node] as TestNode), 'utf8').trim()
      const [, password = ''] = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')
        .toString()
        .split(':')
      expect(password).toHaveLength(43)
      for (const file of ['cmdline', 'environ']) {
        const text = readFileSync(`/proc/${pid}/${file}`, 'latin1')
        expect([text.includes(key), text.includes(password)]).toEqual([false, false])
      }
      const directory = join(cluster.nodes[node]?.dataDir ?? '', 'demo_guarded')
      const modes = ['security', 'security/auth.json', 'security/node.key'].map(
        (name) => statSync(join(directory, name)).mode & 0o777,
      )
      expect(modes).toEqual([0o700, 0o600, 0o600])
    }
  })
})

describeBroughtOver(() => cluster)
// Last: what the cluster is asked with has the old network key.
describeKeyRotation(() => cluster)
