import { Agent, request } from 'node:http'
import { startTestCluster } from '@dbcluster/testkit'
import { bareBinary, barePorts, startBareCluster } from './bare-cluster.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

const TABLE = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER)'
const READ = 'SELECT id, name, age FROM users WHERE id = ?'
const WRITE = 'INSERT INTO users (name, age) VALUES (?, ?)'
const ROWS = 100
const WARM_UP_SHARE = 0.2

/** One way to the data. */
interface Way {
  readonly name: string
  readonly reads: Samples
  readonly writes: Samples
  read(id: number): Promise<void>
  write(name: string, age: number): Promise<void>
}

/** Requests one after the other, the ways in turn, so that whatever else the machine does meets all of them. */
export const benchQuery = async (runs: number): Promise<string> => {
  const binary = await bareBinary()
  await using cluster = await startTestCluster()
  const bare = await startBareCluster(binary, await barePorts())
  try {
    const sdk = cluster.client()
    await sdk.connect()
    const database = await sdk.database('bench')
    await database.createTable(TABLE)
    const url = `http://127.0.0.1:${bare.httpPort}`
    const headers = { authorization: `Bearer ${cluster.key}` }
    const way = (name: string, read: Way['read'], write: Way['write']): Way => ({
      name,
      reads: new Samples(),
      writes: new Samples(),
      read,
      write,
    })
    const ways: readonly Way[] = [
      way(
        'bare rqlited, HTTP',
        (id) => post(`${url}/db/query?level=weak`, [[READ, id]]),
        (name, age) => post(`${url}/db/execute`, [[WRITE, name, age]]),
      ),
      way(
        'gateway, HTTP',
        (id) => post(`${cluster.gateway.url}/v1/database/query`, { database: 'bench', sql: READ, args: [id] }, headers),
        (name, age) =>
          post(
            `${cluster.gateway.url}/v1/database/exec`,
            { database: 'bench', sql: WRITE, args: [name, age] },
            headers,
          ),
      ),
      way(
        'SDK, libp2p',
        async (id) => void (await database.query(READ, [id])),
        async (name, age) => void (await database.execute(WRITE, [name, age])),
      ),
    ]
    await post(`${url}/db/execute`, [TABLE])
    for (let row = 0; row < ROWS; row += 1) {
      await bare.client.execute([{ sql: WRITE, params: [`name ${row}`, row] }])
      await database.execute(WRITE, [`name ${row}`, row])
    }
    const warmUp = Math.ceil(runs * WARM_UP_SHARE)
    for (let run = -warmUp; run < runs; run += 1) {
      for (const { reads, writes, read, write } of ways) {
        await timed(run < 0 ? new Samples() : reads, () => read(1 + ((run + warmUp) % ROWS)))
        await timed(run < 0 ? new Samples() : writes, () => write('somebody', run))
      }
    }
    const [first] = ways
    const table = (of: 'reads' | 'writes'): string =>
      latencyTable(
        ways.map((one) => ({
          name: one.name,
          samples: one[of],
          ...(one === first || first === undefined ? {} : { against: first[of] }),
        })),
      )
    return [
      '# Reading and writing',
      '',
      'One request at a time; three replicas; beside a hand-started three-member `rqlited` cluster, asked at its leader.',
      'Milliseconds.',
      '',
      '## A read of one row by key, consistency `weak`',
      '',
      table('reads'),
      '',
      '## An insert',
      '',
      table('writes'),
      '',
      `rqlite ${binary.version}; the ways were measured in turn, in one run.`,
      '',
    ].join('\n')
  } finally {
    await bare.stop()
  }
}

const AGENT = new Agent({ keepAlive: true })

/** The plainest HTTP client there is, the same for both: the SDK's own work is not what is compared here. */
const post = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<void> =>
  new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: AGENT, headers: { 'content-type': 'application/json', ...headers } }
    const sent = request(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        response.statusCode === 200 && !text.includes('"error"')
          ? resolve()
          : reject(new Error(`${url}: ${response.statusCode} ${text.slice(0, 300)}`)),
      )
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
