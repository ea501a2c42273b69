import { Agent, request } from 'node:http'
import { type HttpFloodReport, startHttpFlood, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { QUIET } from './quiet.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

/** One kind of flood. */
interface Flood {
  readonly name: string
  readonly connections: number
  readonly pipelined: number
  readonly samples: Samples
  readonly reports: HttpFloodReport[]
}

const DATABASE = 'flooded'
/** Requests of the other key before the next kind's turn. */
const BLOCK = 50
const WARM_UP = 500

const flood = (name: string, connections: number, pipelined: number): Flood => ({
  name,
  connections,
  pipelined,
  samples: new Samples(),
  reports: [],
})

/** How long one key's reads take while another key floods the same gateway; the kinds in turn, calm between them. */
export const benchFlood = async (runs: number): Promise<string> => {
  await using cluster = await startTestCluster({
    ...QUIET,
    keys: { flooder: { app: 'flood', scope: 'write' }, calm: { app: 'calm', scope: 'write' } },
    sets: [...QUIET.sets, 'database.hibernation_timeout=0'],
  })
  const { flooder = '', calm: key = '' } = cluster.keys
  const calm = new Samples()
  const floods = [
    flood('within its bounds: 100 at a time', 100, 1),
    flood('beyond them: 400 at a time', 400, 1),
    flood('far beyond: 2,000 at a time', 2_000, 1),
    flood('100 connections of 100 pipelined each', 100, 100),
  ]
  for (const one of [flooder, key]) for (let at = 0; at < WARM_UP; at += 1) await ask(cluster, one)
  for (let round = 0; round < runs; round += 1) {
    for (const one of floods) {
      for (let at = 0; at < BLOCK; at += 1) await timed(calm, () => ask(cluster, key))
      const { connections, pipelined } = one
      const flooding = await startHttpFlood({
        url: cluster.gateway.url,
        path: '/v1/database/query',
        credential: flooder,
        json: { database: DATABASE, sql: 'SELECT 1' },
        connections,
        pipelined,
      })
      for (let at = 0; at < BLOCK; at += 1) await timed(one.samples, () => ask(cluster, key))
      one.reports.push(await flooding.stop())
    }
  }
  return [
    '# One key floods, another one asks',
    '',
    'A read of one row through the gateway by a key that asks one thing after the other, alone and while another key asks as',
    'fast as it can, heeding no refusal. Bounds as they are by default: 200 requests of one key at once, 10,000 a second.',
    'The flood comes from a process on the same machine, which takes its part of the processors too. Milliseconds.',
    '',
    latencyTable([
      { name: 'nobody else', samples: calm },
      ...floods.map(({ name, samples }) => ({ name, samples, against: calm })),
    ]),
    '',
    'What became of the floods, and the processor seconds that they took for themselves:',
    '',
    ...floods.map(({ name, reports }) => `- ${name}: ${summary(reports)}`),
    '',
    `The kinds were measured in turn, in one run: \`pnpm bench flood --runs ${runs}\`.`,
    '',
  ].join('\n')
}

const summary = (reports: readonly HttpFloodReport[]): string => {
  const outcomes = new Map<string, number>()
  for (const report of reports)
    for (const [what, count] of Object.entries(report.outcomes)) outcomes.set(what, (outcomes.get(what) ?? 0) + count)
  const cpuSeconds = reports.reduce((sum, report) => sum + report.cpuSeconds, 0)
  const parts = [...outcomes].sort().map(([what, count]) => `${count} × ${what}`)
  return `${parts.join(', ')}; ${cpuSeconds.toFixed(1)} s`
}

const AGENT = new Agent({ keepAlive: true })

const ask = ({ gateway }: TestCluster, key: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-api-key': key }
    const sent = request(`${gateway.url}/v1/database/query`, { method: 'POST', agent: AGENT, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(text.slice(0, 300)))))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify({ database: DATABASE, sql: 'SELECT 1' }))
  })
