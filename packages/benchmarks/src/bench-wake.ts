import { eventually, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { type BareCluster, bareBinary, barePorts, startBareCluster } from './bare-cluster.js'
import { firstSuccess } from './first-success.js'
import { QUIET } from './quiet.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

const TABLE = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)'
const WRITE = "INSERT INTO users (name) VALUES ('somebody')"
const READ = 'SELECT id, name FROM users WHERE id = 1'
const DATABASE = 'bench'
const WARM_UP_RUNS = 2
const LIMIT_MS = 30_000

/** From a query at the gateway for a database that sleeps to its first row, beside three rqlited that are started again. */
export const benchWake = async (runs: number): Promise<string> => {
  const binary = await bareBinary()
  await using cluster = await startTestCluster(QUIET)
  const bare = await startBareCluster(binary, await barePorts())
  const [ours, plain, nodes] = [new Samples(), new Samples(), new Samples()]
  try {
    await makeRow(cluster)
    await bare.client.execute([{ sql: TABLE }, { sql: WRITE }])
    for (let run = -WARM_UP_RUNS; run < runs; run += 1) {
      const into = (samples: Samples): Samples => (run < 0 ? new Samples() : samples)
      await stopBare(bare)
      await timed(into(plain), () => wakeBare(bare))
      await hibernate(cluster)
      const wokeMs = await timed(into(ours), () => wake(cluster))
      into(nodes).add(wokeMs)
    }
  } finally {
    await bare.stop()
  }
  return [
    '# Waking a database',
    '',
    'From a query for a database that sleeps to its first row: three replicas on three nodes, asked at the gateway, beside',
    'three hand-started `rqlited` with the same Raft timing (`local`), started again and asked until one has the row. Both were',
    'stopped by SIGTERM after a snapshot; ours protect their replicas by mutual TLS. Milliseconds.',
    '',
    latencyTable([
      { name: 'three hand-started rqlited, started again', samples: plain },
      { name: 'gateway, HTTP: query to first row', samples: ours, against: plain },
      { name: 'of that, the wait at the node (`Server-Timing: wake`)', samples: nodes, against: plain },
    ]),
    '',
    `rqlite ${binary.version}; the kinds were measured in turn, in one run: \`pnpm bench wake --runs ${runs}\`.`,
    '',
  ].join('\n')
}

const makeRow = async ({ http }: TestCluster): Promise<void> => {
  for (const sql of [TABLE, WRITE]) {
    const { status, text } = await http.post('exec', { database: DATABASE, sql })
    if (status !== 200) throw new Error(`exec: ${status} ${text}`)
  }
}

/** It may just have been woken, with the third replica still to come. */
const hibernate = ({ http }: TestCluster): Promise<unknown> =>
  eventually('it sleeps', async () => (await http.post('hibernate', { database: DATABASE })).status === 200, {
    limitMs: LIMIT_MS,
    everyMs: 100,
  })

/** @returns what the node says of its wait, which the gateway passes on */
const wake = async ({ http }: TestCluster): Promise<number> => {
  const { status, text, body, headers } = await http.post('query', { database: DATABASE, sql: READ })
  const [, wokeMs] = /wake;dur=([\d.]+)/.exec(headers.get('server-timing') ?? '') ?? []
  const { count } = (body ?? {}) as { readonly count?: number }
  if (status !== 200 || count !== 1 || wokeMs === undefined) throw new Error(`no wake-up: ${status} ${text}`)
  return Number(wokeMs)
}

const stopBare = async ({ members }: BareCluster): Promise<void> => {
  await Promise.all(members.map(({ client }) => client.snapshot()))
  await Promise.all(members.map((member) => member.end('SIGTERM')))
}

const wakeBare = async ({ members }: BareCluster): Promise<void> => {
  for (const member of members) member.start({ kind: 'restart' })
  const ways = members.map(({ client }) => async () => {
    const { results } = await client.query([{ sql: READ }], { level: 'weak', timeoutMs: LIMIT_MS })
    if (results[0]?.rows?.length !== 1) throw new Error('no row')
  })
  await firstSuccess(ways, LIMIT_MS)
}
