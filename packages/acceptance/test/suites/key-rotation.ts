import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@dbcluster/client'
import { createLogger, ROTATION_STEPS, type RotationStep, rotateKey } from '@dbcluster/runtime'
import { eventually, runAttacker, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { makeRows } from '../support/rows.js'
import { replicasOf } from '../support/rqlite-view.js'
import { startWriters } from '../support/writers.js'

const DATABASE = 'rekeyed'
const KEYS = ['network', 'cluster'] as const
/** What a replica may take to be back, on a busy machine. */
const BACK_LIMIT_MS = 60_000
/** Writes that are seen while a node is away, and again when it is back. */
const WRITES = 20
/** Numbers of each step's writers. */
const NUMBERS = 1_000_000

const logger = createLogger({ level: 'error' })
const keyFile = (node: TestNode, which: string): string => join(node.dataDir, 'keys', `${which}.key`)

/** One step on one node's files, as `dbcluster keys rotate` takes it; the coming keys are made on `first` and carried. */
const takeStep = async (node: TestNode, step: RotationStep, first: TestNode): Promise<void> => {
  for (const which of KEYS) {
    const file = keyFile(node, which)
    if (step === 'prepare' && node !== first) copyFileSync(`${keyFile(first, which)}.next`, `${file}.next`)
    else await rotateKey({ which, file, step, logger })
  }
}

const allReady = async (cluster: TestCluster): Promise<boolean> => {
  const replicas = replicasOf(cluster, DATABASE)
  const answers = replicas.map(({ httpPort, headers }) => fetch(`http://127.0.0.1:${httpPort}/readyz`, { headers }))
  return replicas.length === cluster.nodes.length && (await Promise.all(answers)).every(({ ok }) => ok)
}

/** Both keys of a cluster are exchanged, step by step and node by node. */
export const describeKeyRotation = (of: () => TestCluster): void =>
  describe('exchange of both keys', () => {
    test('goes on under writes, loses none that was acknowledged, and leaves the old keys worthless', async () => {
      const cluster = of()
      const [first] = cluster.nodes
      if (first === undefined) throw new Error('no nodes')
      await makeRows(cluster, DATABASE, [])
      const oldCredentials = replicasOf(cluster, DATABASE).map(({ headers }) => headers.authorization)
      const networkKeyNow = (): string => readFileSync(keyFile(first, 'network'), 'utf8')
      const bootstrapPeers = cluster.nodes.flatMap(({ multiaddrs }) => multiaddrs)
      const acknowledged: number[] = []
      for (const [at, step] of ROTATION_STEPS.entries()) {
        // Applications go over to the new key at any time before the last step.
        const networkKey = step === 'finish' ? networkKeyNow() : cluster.networkKey
        await using client = createClient({ app: cluster.app, bootstrapPeers, networkKey, apiKey: cluster.key })
        const writers = await startWriters([client], DATABASE, 4, 1 + at * NUMBERS)
        for (const node of cluster.nodes) {
          await takeStep(node, step, first)
          await node.kill('SIGTERM')
          await writers.reached(writers.acknowledged.length + WRITES)
          await node.start()
          await eventually('its replica is back', () => allReady(cluster), { limitMs: BACK_LIMIT_MS })
          await writers.reached(writers.acknowledged.length + WRITES)
        }
        await writers.stop()
        acknowledged.push(...writers.acknowledged)
        const { longestPauseMs, errors } = writers
        process.stdout.write(
          `${step}, all nodes restarted: ${writers.acknowledged.length} writes, longest pause ${longestPauseMs.toFixed(0)} ms, errors ${[...errors].join(', ') || 'none'}\n`,
        )
      }
      // The line of the test itself still has the old key.
      await using client = createClient({
        app: cluster.app,
        bootstrapPeers,
        networkKey: networkKeyNow(),
        apiKey: cluster.key,
      })
      const rows = await (await client.database(DATABASE)).query('SELECT n FROM rows', [], { consistency: 'strong' })
      const kept = new Set(rows.rows.map(({ n }) => n))
      expect(acknowledged.filter((n) => !kept.has(n))).toEqual([])

      const target = first.multiaddrs[0] ?? ''
      for (const [networkKey, outcome] of [
        [cluster.networkKey, 'not connected'],
        [networkKeyNow(), 'connected'],
      ] as const) {
        expect(await runAttacker({ target, networkKey, attempts: [{ kind: 'connect' }] })).toMatchObject([{ outcome }])
      }
      for (const { httpPort } of replicasOf(cluster, DATABASE)) {
        for (const authorization of oldCredentials) {
          const headers = { authorization: authorization ?? '' }
          expect((await fetch(`http://127.0.0.1:${httpPort}/status`, { headers })).status).toBe(401)
        }
      }
    }, 600_000)
  })
