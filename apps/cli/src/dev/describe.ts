import { join } from 'node:path'
import pc from 'picocolors'
import type { ClusterFile } from './cluster.js'

/** What there is to know about a cluster that runs. */
export interface DescribeInit {
  readonly cluster: ClusterFile
  readonly directory: string
  /** Whether the directory goes when the cluster stops. */
  readonly isTemporary: boolean
  /** The script that {@link exampleScript} was written to. */
  readonly example: string
}

const TABLE = 'CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)'

const curl = ({ gateway, api_key }: ClusterFile, endpoint: string, body: object): string =>
  `curl -sS ${gateway.url}/v1/database/${endpoint} -H 'X-API-Key: ${api_key}' \\\n` +
  `    -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`

const snippet = (cluster: ClusterFile): string => `import { createClient } from '@dbcluster/client'

const client = createClient({ url: '${cluster.gateway.url}', apiKey: '${cluster.api_key}' })
await client.connect()
const db = await client.database('users')
await db.createTable('${TABLE}')
await db.execute('INSERT INTO users (name) VALUES (?)', ['Alice'])
console.log((await db.query('SELECT * FROM users')).rows)
await client.close()`

const libp2pInit = (cluster: ClusterFile): string => `{
  app: '${cluster.app}',
  bootstrapPeers: ${JSON.stringify(cluster.nodes.flatMap(({ multiaddrs }) => multiaddrs.slice(0, 1)))},
  networkKey: readFileSync(${JSON.stringify(join(cluster.nodes[0]?.data_dir ?? '', 'keys', 'network.key'))}, 'utf8'),
  apiKey: '${cluster.api_key}',
}`

/** A program that does over HTTP, and then over libp2p, what is printed; `clientUrl` is where it finds the SDK. */
export const exampleScript = (cluster: ClusterFile, clientUrl: string): string => `// Written by \`dbcluster dev\`.
import { readFileSync } from 'node:fs'
${snippet(cluster).replace("'@dbcluster/client'", `'${clientUrl}'`)}

// The same without a gateway: straight to the nodes.
const direct = createClient(${libp2pInit(cluster)})
await direct.connect()
console.log((await (await direct.database('users')).query('SELECT count(*) AS users FROM users')).rows)
await direct.close()
`

const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ')

/** What is printed once the cluster is there: where it is, and what to try. */
export const describeCluster = ({ cluster, directory, isTemporary, example }: DescribeInit): string => {
  const facts = [
    ['Gateway', cluster.gateway.url],
    ['API key', `${cluster.api_key}  (app ${cluster.app})`],
    ['Nodes', cluster.nodes.map(({ pid, peer_id }) => `${peer_id.slice(-8)} (pid ${pid})`).join(', ')],
    ['Data', isTemporary ? `${directory}  (removed at the end; --dir DIR keeps it)` : directory],
    ['Logs', join(directory, 'logs')],
  ].map(([name = '', value]) => `${pc.bold(name.padEnd(8))} ${value}`)
  const curls = [
    curl(cluster, 'exec', { database: 'users', sql: TABLE }),
    curl(cluster, 'exec', { database: 'users', sql: 'INSERT INTO users (name) VALUES (?)', args: ['Alice'] }),
    curl(cluster, 'query', { database: 'users', sql: 'SELECT * FROM users' }),
  ]
  return [
    '',
    indent(facts.join('\n')),
    '',
    pc.bold('Try it with curl (a database is made when it is first used):'),
    '',
    indent(curls.join('\n\n')),
    '',
    pc.bold('or from an application (npm install @dbcluster/client):'),
    '',
    indent(snippet(cluster)),
    '',
    pc.bold('or straight to the nodes, over libp2p:'),
    '',
    indent(`const client = createClient(${libp2pInit(cluster)})`),
    '',
    `Both are in a file that runs as it is: ${pc.bold(`node ${example}`)}`,
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n')
}
