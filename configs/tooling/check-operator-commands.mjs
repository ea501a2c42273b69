/** What an operator types on a node's machine, as the documents have it, against a cluster that runs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, ROOT, run } from './check-report.mjs'

const PROGRAM = join(ROOT, 'apps', 'cli', 'dist', 'main.js')
/** A change of a key reaches every node and gateway in about a second on a busy machine. */
const SPREAD_WITHIN_MS = 15_000

const dbcluster = (...args) => run(process.execPath, [PROGRAM, ...args])

const ask = async (url, key, path, body) => {
  const response = await fetch(`${url}/v1/database/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

const untilStatus = async (wanted, request) => {
  for (const deadline = Date.now() + SPREAD_WITHIN_MS; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const { status, body } = await request()
    if (status === wanted) return []
    if (Date.now() > deadline) return [`wanted ${wanted}, got ${status} ${JSON.stringify(body)}`]
  }
}

/** @param file cluster.json of a running development cluster */
export const checkOperatorCommands = async (report, file) => {
  const { nodes, gateway, api_key } = JSON.parse(readFileSync(file, 'utf8'))
  const at = (index) => ['--data-dir', nodes[index].data_dir]

  await report.check('dbcluster node list tells of every node', () => {
    const printed = dbcluster('node', 'list', ...at(0))
    return nodes.flatMap(({ peer_id }) =>
      new RegExp(`^${peer_id} +healthy `, 'm').test(printed) ? [] : [`${peer_id} is not healthy in:\n${printed}`],
    )
  })

  await report.check('a key made on one node works at once, and no longer once another node revoked it', async () => {
    const key = dbcluster('keys', 'create', '--app', 'demo', '--scope', 'write', '--database', 'keyed', ...at(0)).trim()
    const id = key.split('_')[1]
    const query = () => ask(gateway.url, key, 'query', { database: 'keyed', sql: 'SELECT 1 AS one' })
    const made = await untilStatus(200, query)
    const elsewhere = await ask(gateway.url, key, 'query', { database: 'other', sql: 'SELECT 1' })
    const fenced = elsewhere.status === 403 ? [] : [`another database answered ${JSON.stringify(elsewhere)}`]
    dbcluster('keys', 'revoke', id, ...at(1))
    return [...made, ...fenced, ...(await untilStatus(401, query))]
  })

  await report.check('a database sleeps on request and wakes with the next query', async () => {
    const slept = await ask(gateway.url, api_key, 'hibernate', { database: 'keyed' })
    const woke = await ask(gateway.url, api_key, 'query', { database: 'keyed', sql: 'SELECT 1 AS one' })
    return [
      ...(slept.body.status === 'hibernating' ? [] : [`hibernate answered ${JSON.stringify(slept)}`]),
      ...(woke.body.items?.[0]?.one === 1 ? [] : [`the query answered ${JSON.stringify(woke)}`]),
    ]
  })

  await report.check('dbcluster db hibernate, status and wake tell how a database is', async () => {
    const slept = dbcluster('db', 'hibernate', 'demo_keyed', ...at(1))
    const status = JSON.parse(dbcluster('db', 'status', 'demo_keyed', '--json', ...at(2)))
    const woke = dbcluster('db', 'wake', 'demo_keyed', ...at(0))
    return [
      ...(/^demo_keyed is hibernating; 3 of 3 replicas/.test(slept) ? [] : [`hibernate printed:\n${slept}`]),
      ...(status.status === 'hibernating' ? [] : [`status is ${JSON.stringify(status)}`]),
      ...(/^demo_keyed is active/.test(woke) ? [] : [`wake printed:\n${woke}`]),
    ]
  })

  await report.check('what is not there is refused by name, with a hint', () => {
    const { status, stderr } = attempt(process.execPath, [PROGRAM, 'db', 'set-replication', 'demo_gone', '2', ...at(0)])
    return status === 1 && /"gone"/.test(stderr) && /What to do:/.test(stderr)
      ? []
      : [`ended with ${status}: ${stderr}`]
  })
}
