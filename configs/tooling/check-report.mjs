import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Counts checks and tells what each found. A check is a function that returns a list of faults, or nothing, or throws;
 * its closing line, `N passed, N failed`, with `, N skipped` where something could not be looked at, is what `.ci/run`
 * adds up. What was skipped has not passed.
 */
export const createReport = () => {
  let passed = 0
  let failed = 0
  let skipped = 0
  return {
    async check(name, run) {
      let faults
      try {
        faults = (await run()) ?? []
      } catch (error) {
        faults = [error instanceof Error ? error.message : String(error)]
      }
      if (faults.length === 0) passed += 1
      else failed += 1
      console.log(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${name}`)
      for (const fault of faults) console.log(`     ${fault.replaceAll('\n', '\n     ')}`)
    },
    /** What can't be checked here, and why. */
    skip(name, reason) {
      skipped += 1
      console.log(`SKIP ${name}\n     ${reason.replaceAll('\n', '\n     ')}`)
    },
    finish() {
      console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
      process.exitCode = failed === 0 && passed + skipped > 0 ? 0 : 1
    },
  }
}

/** Runs a program to its end and returns what became of it, whatever that is. */
export const attempt = (command, args, options = {}) => {
  const { timeoutMs = 300_000, ...rest } = options
  return spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
    ...rest,
  })
}

/** Runs a program to its end and returns what it printed. Throws with both streams when it fails. */
export const run = (command, args, options) => {
  const result = attempt(command, args, options)
  if (result.error !== undefined || result.status !== 0) {
    const why = result.error?.message ?? `exit code ${result.status ?? result.signal}`
    throw new Error(`${command} ${args.join(' ')}: ${why}\n${result.stdout ?? ''}${result.stderr ?? ''}`.trim())
  }
  return result.stdout
}

/** The pnpm that started this script, or else the pinned one. */
const pnpmScript = () => {
  const started = process.env.npm_execpath ?? ''
  return /pnpm[^/\\]*\.c?js$/.test(started) ? started : join(ROOT, 'configs/tooling/with-pnpm.mjs')
}

/** Runs pnpm as {@link run} does. */
export const pnpm = (args, options) => run(process.execPath, [pnpmScript(), ...args], options)

/** Runs pnpm for an answer that may be in its output though it fails: `{ status, stdout, stderr, error }`. */
export const attemptPnpm = (args, options) => attempt(process.execPath, [pnpmScript(), ...args], options)

/** Runs npm as an application's developer would: with none of this workspace's settings in its environment. */
export const npm = (args, options = {}) => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|INIT_CWD)/i.test(name)))
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { ...options, env: { ...env, ...options.env } })
}

/** Gives `use` an empty directory outside the repository, which is gone afterwards whatever happened. */
export const withTempDir = async (use) => {
  const dir = mkdtempSync(join(tmpdir(), 'dbcluster-check-'))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The packages of `packages/` and `apps/`, each with its folder and package.json. */
export const workspacePackages = () =>
  ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => ({ folder: `${parent}/${entry.name}`, path: join(ROOT, parent, entry.name) }))
      .map((at) => ({ ...at, manifest: JSON.parse(readFileSync(join(at.path, 'package.json'), 'utf8')) })),
  )

/** Packs one package as it would be published; returns the tarball's path. */
export const pack = (folder, into) => {
  const printed = pnpm(['-C', join(ROOT, folder), 'pack', '--json', '--pack-destination', into])
  return JSON.parse(printed.slice(printed.indexOf('{'))).filename
}

/** Whether a module is the one that was started. */
export const isMain = (url) => process.argv[1] !== undefined && url === pathToFileURL(process.argv[1]).href

/** The `--cluster FILE` of the command line: the `cluster.json` of a running cluster. */
export const clusterOption = () => {
  const { cluster } = parseArgs({ options: { cluster: { type: 'string' } } }).values
  return cluster === undefined ? undefined : resolve(process.env.INIT_CWD ?? process.cwd(), cluster)
}
