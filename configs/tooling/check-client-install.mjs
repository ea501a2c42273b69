/**
 * Installs the SDK as an application's developer gets it, tarballs in one `npm install` into an empty project, and uses
 * it from plain ESM; then bundles it for browsers.
 *
 *     node configs/tooling/check-client-install.mjs [--cluster FILE]
 *
 * With `--cluster`, the `cluster.json` of a running cluster, queries run over both transports and from the bundle.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { build as buildPackages } from './bootstrap/build.mjs'
import { pnpmEnvironment } from './bootstrap/pnpm.mjs'
import {
  clusterOption,
  createReport,
  isMain,
  npm,
  pack,
  ROOT,
  run,
  withTempDir,
  workspacePackages,
} from './check-report.mjs'

/** What an HTTP-only bundle may weigh, gzipped. */
const BUNDLE_GZIP_MAX_BYTES = 10_000

const CLIENT = '@dbcluster/client'

/** A package and every workspace package that it needs at run time. */
const closure = (name, packages, found = new Map()) => {
  const at = packages.get(name)
  if (at === undefined || found.has(name)) return found
  found.set(name, at)
  for (const dependency of Object.keys(at.manifest.dependencies ?? {})) closure(dependency, packages, found)
  return found
}

const neededByClient = () => closure(CLIENT, new Map(workspacePackages().map((at) => [at.manifest.name, at])))

/** What an application would write. Runs inside the empty project, over each transport that it is given. */
const APPLICATION = `
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createClient, sql } from '@dbcluster/client'
import * as libp2p from '@dbcluster/client/libp2p'

assert.equal(typeof createClient, 'function')
assert.ok(Object.keys(libp2p).length > 0)
assert.throws(() => createClient({ url: 'http://127.0.0.1:1' }), { code: 'CONFIG_INVALID' })

const file = process.argv[2]
if (file !== undefined) {
  const cluster = JSON.parse(readFileSync(file, 'utf8'))
  const [node] = cluster.nodes
  const networkKey = readFileSync(node.data_dir + '/keys/network.key', 'utf8')
  const bootstrapPeers = cluster.nodes.flatMap((one) => one.multiaddrs)
  const clients = {
    http: createClient({ url: cluster.gateway.url, apiKey: cluster.api_key }),
    libp2p: createClient({ app: cluster.app, bootstrapPeers, networkKey, apiKey: cluster.api_key }),
  }
  for (const [transport, client] of Object.entries(clients)) {
    await client.connect()
    const name = 'install-' + transport + '-' + process.pid
    const db = await client.database(name)
    await db.createTable('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, bytes BLOB)')
    const bytes = new Uint8Array([0, 1, 255])
    const written = await db.execute('INSERT INTO t (id, name, bytes) VALUES (?, ?, ?)', [9007199254740993n, 'Åsa', bytes])
    assert.equal(written.rowsAffected, 1)
    await db.transaction([sql\`INSERT INTO t (name) VALUES (\${'x'})\`, sql.assert(sql\`(SELECT count(*) FROM t) = 2\`)])
    const { rows } = await db.query('SELECT * FROM t WHERE name = :name', { name: 'Åsa' }, { consistency: 'strong' })
    assert.deepEqual(rows, [{ id: 9007199254740993n, name: 'Åsa', bytes }])
    await assert.rejects(db.query('SELEC 1'), (error) => error.name === 'DbClusterError' && error.status === 400)
    assert.ok((await client.databases.list()).includes(name))
    await client.databases.delete(name)
    await client.close()
    console.log('queries over ' + transport + ' work')
  }
}
`

/** What a typed application would write; type-checked against the installed declarations. */
const TYPED = `
import { createClient } from '@dbcluster/client'
interface User { readonly id: number; readonly name: string }
export const users = async (): Promise<readonly User[]> => {
  const client = createClient({ url: 'http://127.0.0.1:8080', apiKey: 'dbc_a_b' })
  const db = await client.database('users')
  const { rows } = await db.query<User>('SELECT * FROM users WHERE name LIKE ?', ['A%'])
  return rows
}
`

const BROWSER = `
import { createClient } from '@dbcluster/client'
export const count = async (url, apiKey) => {
  const client = createClient({ url, apiKey })
  const db = await client.database('from-a-bundle')
  const { rows } = await db.query('SELECT 40 + 2 AS answer')
  await client.databases.delete('from-a-bundle')
  return rows[0].answer
}
`

const install = (dir) => {
  const needed = neededByClient()
  const tarballs = [...needed.values()].map(({ folder }) => pack(folder, dir))
  const project = join(dir, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
  npm(['install', '--no-audit', '--no-fund', ...tarballs], { cwd: project })
  console.log(`installed ${[...needed.keys()].join(', ')}`)
  return project
}

const useFromNode = (project, cluster) => {
  writeFileSync(join(project, 'app.js'), APPLICATION)
  const args = ['app.js', ...(cluster === undefined ? [] : [cluster])]
  process.stdout.write(run(process.execPath, args, { cwd: project, timeoutMs: 120_000 }))
}

const typecheck = (project) => {
  writeFileSync(join(project, 'typed.ts'), TYPED)
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  for (const resolution of ['NodeNext', 'ESNext']) {
    const mode = resolution === 'ESNext' ? ['--moduleResolution', 'bundler'] : []
    const flags = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'ES2022',
      '--lib',
      'ES2023,DOM,ESNext.Disposable',
    ]
    run(process.execPath, [tsc, ...flags, '--module', resolution, ...mode, 'typed.ts'], { cwd: project })
  }
}

const bundle = async (project, cluster) => {
  writeFileSync(join(project, 'browser.js'), BROWSER)
  const { outputFiles, metafile } = await build({
    absWorkingDir: project,
    entryPoints: ['browser.js'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    write: false,
    outfile: 'bundle.mjs',
    logLevel: 'silent',
  })
  const [{ contents }] = outputFiles
  const size = gzipSync(contents).length
  console.log(`the HTTP-only bundle has ${contents.length} bytes, ${size} gzipped`)
  const faults = [
    ...Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.map(({ path }) => `the bundle imports ${path}`),
    ),
    ...Object.keys(metafile.inputs)
      .filter((input) => input !== 'browser.js' && !input.startsWith('node_modules/@dbcluster/'))
      .map((input) => `the bundle holds ${input}`),
    ...(size < BUNDLE_GZIP_MAX_BYTES ? [] : [`${size} bytes gzipped, more than ${BUNDLE_GZIP_MAX_BYTES}`]),
  ]
  if (cluster !== undefined && faults.length === 0) {
    writeFileSync(join(project, 'bundle.mjs'), contents)
    const { count } = await import(pathToFileURL(join(project, 'bundle.mjs')).href)
    const { gateway, api_key: apiKey } = JSON.parse(readFileSync(cluster, 'utf8'))
    const answer = await count(gateway.url, apiKey)
    if (answer !== 42) faults.push(`a query from the bundle answered ${String(answer)}, not 42`)
  }
  return faults
}

/** Adds these checks to a report. */
export const checkClientInstall = (report, cluster) =>
  withTempDir(async (dir) => {
    // As changed since the last time: a checkout that was only started has no builds of packages.
    const built = await buildPackages([...neededByClient().keys()], await pnpmEnvironment())
    if (built !== 0) throw new Error(`the build of ${CLIENT} ended with ${built}`)
    let project
    await report.check('the SDK installs into an empty project with one npm install', () => {
      project = install(dir)
    })
    if (project === undefined) return
    const where = cluster === undefined ? 'loads' : 'queries over libp2p and HTTP'
    await report.check(`the installed SDK ${where} from plain ESM`, () => useFromNode(project, cluster))
    await report.check('the installed types fit a strict project', () => typecheck(project))
    await report.check('the HTTP client bundles for browsers, alone and small', () => bundle(project, cluster))
  })

if (isMain(import.meta.url)) {
  const report = createReport()
  await checkClientInstall(report, clusterOption())
  report.finish()
}
