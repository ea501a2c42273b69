import { Agent, request } from 'node:http'
import { startTestCluster } from '@dbcluster/testkit'
import { bareBinary, barePorts, startBareCluster } from './bare-cluster.js'
import { QUIET } from './quiet.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

const TABLE = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER)'
const READ = 'SELECT id, name, age FROM users WHERE id = ?'
const WRITE = 'INSERT INTO users (name, age) VALUES (?, ?)'
const ROWS = 100
/** Requests of one way before the next one's turn: long enough to be undisturbed by what the last one left to do. */
const BLOCK = 50
/** Requests after which programs in JavaScript are compiled for what they do. */
const WARM_UP = { reads: 2_000, writes: 500 } as const
/** Requests that begin a block and are not counted. */
const SETTLING = 5

/** One way to the data. */
interface Way {
  readonly name: string
  readonly reads: Samples
  readonly writes: Samples
  read(id: number): Promise<void>
  write(name: string, age: number): Promise<void>
}

interface Block {
  readonly warmUp: boolean
  readonly requests: number
}

const measureBlock = async (way: Way, kind: 'reads' | 'writes', { warmUp, requests }: Block): Promise<void> => {
  for (let request = -SETTLING; request < requests; request += 1) {
    const samples = warmUp || request < 0 ? new Samples() : way[kind]
    const key = 1 + ((request + SETTLING) % ROWS)
    await timed(samples, () => (kind === 'reads' ? way.read(key) : way.write('somebody', key)))
  }
}

/** Requests one after the other, the ways in turn, so that whatever else the machine does meets all of them. */
export const benchQuery = async (runs: number): Promise<string> => {
  const binary = await bareBinary()
  await using cluster = await startTestCluster(QUIET)
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
    for (const kind of ['reads', 'writes'] as const) {
      for (let run = -BLOCK; run < runs; run += BLOCK) {
        for (const one of ways)
          await measureBlock(one, kind, {
            warmUp: run < 0,
            requests: run < 0 ? WARM_UP[kind] : Math.min(BLOCK, runs - run),
          })
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
