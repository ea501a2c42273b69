import { createHmac, randomBytes } from 'node:crypto'
import { createReplicaSecurity, type ReplicaSecurity, type RqliteBinary } from '@dbcluster/rqlite'
import { bareBinary, barePorts } from './bare-cluster.js'
import { type ReplicaCluster, startReplicaCluster } from './replica-cluster.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

const TABLE = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER)'
const WRITE = { sql: 'INSERT INTO users (name, age) VALUES (?, ?)', params: ['somebody', 7] }
/** A row that is mostly payload: what encryption costs by the byte. */
const LARGE_WRITE = { sql: WRITE.sql, params: ['x'.repeat(64 * 1024), 7] }
/** Writes of one kind before the other's turn, and what of them is not counted. */
const BLOCK = 50
const SETTLING = 5
const CLIENTS = 32
/** Starts of a cluster for each request that was asked for. */
const STARTS_SHARE = 1 / 50

interface Kind {
  readonly name: string
  readonly security: ReplicaSecurity | undefined
  readonly starts: Samples
  readonly writes: Samples
  readonly large: Samples
  /** Each a block of writes by several clients at once. */
  readonly bursts: Samples
}

/** The same replicas with and without protection, in turn in one run: their start, and writes through their leader. */
export const benchTls = async (runs: number): Promise<string> => {
  const binary = await bareBinary()
  const key = randomBytes(32)
  const security = createReplicaSecurity({
    derive: (purpose) => [new Uint8Array(createHmac('sha256', key).update(purpose).digest())],
  })
  const plain = kind('open: plain Raft, no credential', undefined)
  const secured = kind('protected: mutual TLS, credential', security)
  const kinds = [plain, secured]
  await measureStarts(binary, kinds, Math.max(3, Math.round(runs * STARTS_SHARE)))
  await measureWrites(binary, kinds, runs)
  const table = (of: 'starts' | 'writes' | 'large' | 'bursts'): string =>
    latencyTable([
      { name: plain.name, samples: plain[of] },
      { name: secured.name, samples: secured[of], against: plain[of] },
    ])
  const rate = ({ bursts }: Kind): string => ((BLOCK * CLIENTS * 1_000) / bursts.percentile(0.5)).toFixed(0)
  return [
    '# What protection of replicas costs',
    '',
    'Three replicas of one database on the loopback address, with and without protection, asked at their leader. Milliseconds.',
    '',
    '## Start: one bootstraps, two join, all three ready; certificates included',
    '',
    table('starts'),
    '',
    '## An insert, one after the other',
    '',
    table('writes'),
    '',
    '## An insert of 64 KiB',
    '',
    table('large'),
    '',
    `## ${BLOCK * CLIENTS} inserts by ${CLIENTS} clients at once`,
    '',
    table('bursts'),
    '',
    `That is ${rate(plain)} inserts a second open and ${rate(secured)} protected, at the median.`,
    '',
    `rqlite ${binary.version}; the kinds were measured in turn, in one run.`,
    '',
  ].join('\n')
}

const kind = (name: string, security: ReplicaSecurity | undefined): Kind => ({
  name,
  security,
  starts: new Samples(),
  writes: new Samples(),
  large: new Samples(),
  bursts: new Samples(),
})

const measureStarts = async (binary: RqliteBinary, kinds: readonly Kind[], runs: number): Promise<void> => {
  for (let run = -1; run < runs; run += 1) {
    for (const { security, starts } of kinds) {
      const ports = await barePorts()
      const samples = run < 0 ? new Samples() : starts
      const cluster = await timed(samples, () => startReplicaCluster(binary, ports, security))
      await cluster.stop()
    }
  }
}

const measureWrites = async (binary: RqliteBinary, kinds: readonly Kind[], runs: number): Promise<void> => {
  const clusters: (Kind & ReplicaCluster)[] = []
  try {
    for (const one of kinds) {
      clusters.push({ ...one, ...(await startReplicaCluster(binary, await barePorts(), one.security)) })
    }
    for (const { client } of clusters) await client.execute([{ sql: TABLE }])
    for (let run = -BLOCK; run < runs; run += BLOCK) {
      for (const cluster of clusters) await measureBlock(cluster, run < 0)
    }
  } finally {
    for (const { stop } of clusters) await stop()
  }
}

const measureBlock = async (
  { client, writes, large, bursts }: Kind & ReplicaCluster,
  warmUp: boolean,
): Promise<void> => {
  const into = (samples: Samples, at = 0): Samples => (warmUp || at < 0 ? new Samples() : samples)
  for (let at = -SETTLING; at < BLOCK; at += 1) await timed(into(writes, at), () => write(client, WRITE))
  for (let at = -1; at < BLOCK / 10; at += 1) await timed(into(large, at), () => write(client, LARGE_WRITE))
  await timed(into(bursts), () =>
    Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (let at = 0; at < BLOCK; at += 1) await write(client, WRITE)
      }),
    ),
  )
}

const write = async (client: ReplicaCluster['client'], statement: typeof WRITE): Promise<void> => {
  const [result] = await client.execute([statement])
  if (result?.error !== undefined) throw result.error
}
