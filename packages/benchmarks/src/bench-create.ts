import { startTestCluster } from '@dbcluster/testkit'
import { bareBinary, barePorts, startBareCluster } from './bare-cluster.js'
import { QUIET } from './quiet.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

const TABLE = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)'
/** The first creation of a process also loads and compiles what it needs. */
const WARM_UP_RUNS = 1

/**
 * Creations one after the other, the kinds in turn, each gone again before the next: from asking for a database that is
 * not there until its first write, a CREATE TABLE, is acknowledged by three voters' cluster.
 */
export const benchCreate = async (runs: number): Promise<string> => {
  const binary = await bareBinary()
  await using cluster = await startTestCluster(QUIET)
  const sdk = cluster.client()
  await sdk.connect()
  const [viaGateway, viaSdk, bare] = [new Samples(), new Samples(), new Samples()]

  const createViaGateway = async (database: string, samples: Samples): Promise<void> => {
    await timed(samples, async () => {
      const { status, text } = await cluster.http.post('create-table', { database, schema: TABLE })
      if (status !== 200) throw new Error(`create-table: ${status} ${text}`)
    })
    await sdk.databases.delete(database)
  }
  const createViaSdk = async (database: string, samples: Samples): Promise<void> => {
    await timed(samples, async () => (await sdk.database(database)).createTable(TABLE))
    await sdk.databases.delete(database)
  }
  const createBare = async (samples: Samples): Promise<void> => {
    const ports = await barePorts()
    const members = await timed(samples, async () => {
      const started = await startBareCluster(binary, ports)
      const [result] = await started.client.execute([{ sql: TABLE }])
      if (result?.error !== undefined) throw result.error
      return started
    })
    await members.stop()
  }

  for (let run = -WARM_UP_RUNS; run < runs; run += 1) {
    const into = (samples: Samples): Samples => (run < 0 ? new Samples() : samples)
    await createBare(into(bare))
    await createViaGateway(`gateway-${run + WARM_UP_RUNS}`, into(viaGateway))
    await createViaSdk(`sdk-${run + WARM_UP_RUNS}`, into(viaSdk))
  }
  return [
    '# Creating a database',
    '',
    'From asking for a database that is not there to its first acknowledged write: three replicas on three nodes, beside',
    'three hand-started `rqlited` with the same flags (one bootstraps, two join, all three vote). Milliseconds.',
    '',
    latencyTable([
      { name: 'three hand-started rqlited', samples: bare },
      { name: 'gateway, HTTP', samples: viaGateway, against: bare },
      { name: 'SDK, libp2p', samples: viaSdk, against: bare },
    ]),
    '',
    `rqlite ${binary.version}; the kinds were measured in turn, in one run.`,
    '',
  ].join('\n')
}
