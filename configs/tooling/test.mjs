/**
 * `npm test` on a fresh clone: installs, builds the apps, runs every test of every package and app (packages from their
 * sources), and ends with one line,
 * `N passed, N failed`. Arguments are turbo's, such as `--filter=@dbcluster/sql`.
 */
import './bootstrap/check-node-version.mjs'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { build, turbo } from './bootstrap/build.mjs'
import { ensureInstalled, workspaceFolders } from './bootstrap/install.mjs'
import { pnpmEnvironment } from './bootstrap/pnpm.mjs'
import { say } from './bootstrap/say.mjs'

/** Packages whose tests run at the same time: each starts processes of its own, and small machines have two cores. */
const CONCURRENCY = 2

/** Its tests are about whole clusters and their times: they have the machine to themselves, at the end. */
const ALONE = '@dbcluster/acceptance'

/** A test process that never ends would hold everything up; all of them take a quarter of that on two cores. */
const LIMIT_MS = 60 * 60_000

/** What failed, said again where the output ends: far up it is hard to find, and a log may be cut. */
const told = (failures) =>
  failures
    .map(({ file, test = '', message }) => `  ${file}  ${test}\n${message.replaceAll(/^/gm, '      ')}\n`)
    .join('')

const selection = process.argv.slice(2).filter((argument) => argument !== '--')
const env = await pnpmEnvironment()
let code = (await ensureInstalled(env)) || (await build(['node', 'gateway', 'dbcluster'], env))
let [passed, failed] = [0, 0]

if (code === 0) {
  say('running every test')
  const tally = mkdtempSync(join(tmpdir(), 'dbcluster-tally-'))
  try {
    const options = [
      '--only',
      '--force',
      '--continue',
      `--concurrency=${CONCURRENCY}`,
      '--ui=stream',
      '--log-order=grouped',
    ]
    const rounds = selection.length > 0 ? [selection] : [[`--filter=!${ALONE}`], [`--filter=${ALONE}`]]
    const untilMs = performance.now() + LIMIT_MS
    for (const round of rounds) {
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0) break
      const ended = await turbo(['test', ...options, ...round], { ...env, DBCLUSTER_TEST_TALLY: tally }, leftMs)
      code = Math.max(code, ended)
    }
    for (const folder of workspaceFolders()) {
      const { scripts = {}, name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = join(tally, `${basename(dirname(folder))}-${basename(folder)}.json`)
      if (existsSync(file)) {
        const counts = JSON.parse(readFileSync(file, 'utf8'))
        passed += counts.passed
        failed += counts.failed
        if (counts.failed > 0) process.stdout.write(`${name}: ${counts.failed} failed\n${told(counts.failures)}`)
      } else if (scripts.test !== undefined && selection.length === 0) {
        failed += 1
        process.stdout.write(`${name}: its tests ended without a result\n`)
      }
    }
  } finally {
    rmSync(tally, { recursive: true, force: true })
  }
}
if (code === 124)
  process.stdout.write(`not ended within ${LIMIT_MS / 60_000} min: what is not told of above still ran\n`)
if (code !== 0 && failed === 0) failed = 1
say('done')
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : code || 1
