import { eventually, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { processorTimeMs } from './processor-time.js'
import { QUIET } from './quiet.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

const DATABASES = 20
/** Databases that are made side by side. */
const LANES = 2
const LIMIT_MS = 60_000
const STATEMENTS = ['CREATE TABLE rows (n INTEGER PRIMARY KEY)', 'INSERT INTO rows VALUES (1)']
const READ = 'SELECT n FROM rows'

/** From twenty queries at the gateway, at the same moment and for as many databases that sleep, to the first row of each. */
export const benchWakes = async (runs: number): Promise<string> => {
  await using cluster = await startTestCluster({ ...QUIET, sets: [...QUIET.sets, 'database.hibernation_timeout=0'] })
  const names = Array.from({ length: DATABASES }, (_, at) => `many-${at}`)
  await inLanes(names, (name) => make(cluster, name))
  const [each, last] = [new Samples(), new Samples()]
  const used = { nodes: 0, rqlited: 0, told: 0 }
  for (let run = 0; run < runs; run += 1) {
    await inLanes(names, (name) => hibernate(cluster, name))
    const before = nodesMs(cluster)
    await timed(last, async () => {
      for (const told of await Promise.all(names.map((name) => timed(each, () => wake(cluster, name)))))
        used.told += told
    })
    await eventually('all replicas are up', async () => cluster.rqliteds().length === 3 * DATABASES, {
      limitMs: LIMIT_MS,
    })
    used.nodes += nodesMs(cluster) - before
    used.rqlited += cluster.rqliteds().reduce((sum, { pid }) => sum + processorTimeMs(pid), 0)
  }
  const perWake = (ms: number): string => (ms / runs / DATABASES).toFixed(0)
  return [
    `# Waking ${DATABASES} databases at once`,
    '',
    `From ${DATABASES} queries at the gateway, sent at the same moment to as many databases that sleep, to the first row of each: three`,
    'replicas each on three nodes. Milliseconds.',
    '',
    latencyTable([
      { name: 'each of them', samples: each },
      { name: 'the last one', samples: last },
    ]),
    '',
    `${used.told} of ${runs * DATABASES} were told to come again (503 with \`Retry-After\`). One wake-up took ${perWake(used.nodes)} ms of the three nodes' processors, and`,
    `${perWake(used.rqlited)} ms of its three \`rqlited\`: \`pnpm bench wakes --runs ${runs}\`.`,
    '',
  ].join('\n')
}

const nodesMs = ({ nodes }: TestCluster): number => nodes.reduce((sum, { pid }) => sum + processorTimeMs(pid), 0)

const inLanes = async (names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> => {
  const lane = async (first: number): Promise<void> => {
    for (const [at, name] of names.entries()) if (at % LANES === first) await work(name)
  }
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)))
}

const make = async ({ http }: TestCluster, database: string): Promise<void> => {
  for (const sql of STATEMENTS) {
    const { status, text } = await http.post('exec', { database, sql })
    if (status !== 200) throw new Error(`exec: ${status} ${text}`)
  }
}

/** It may just have been woken, with the third replica still to come. */
const hibernate = ({ http }: TestCluster, database: string): Promise<unknown> =>
  eventually(`${database} sleeps`, async () => (await http.post('hibernate', { database })).status === 200, {
    limitMs: LIMIT_MS,
    everyMs: 100,
  })

/** @returns how often it was told to come again */
const wake = async ({ http }: TestCluster, database: string): Promise<number> => {
  for (let told = 0; ; told += 1) {
    const { status, text, body } = await http.post('query', { database, sql: READ })
    if (status === 200 && (body as { readonly count?: number }).count === 1) return told
    if (status !== 503) throw new Error(`no wake-up: ${status} ${text}`)
  }
}
