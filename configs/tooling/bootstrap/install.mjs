import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MEMORY, ROOT } from './paths.mjs'
import { runCommand } from './run-command.mjs'
import { say } from './say.mjs'

const STAMP = new URL('installed', MEMORY)

/** The folders of all packages and apps. */
export const workspaceFolders = () =>
  ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(ROOT, group))
      .map((name) => join(ROOT, group, name))
      .filter((folder) => existsSync(join(folder, 'package.json'))),
  )

/** What an install depends on, in one line. */
const fingerprint = () => {
  const hash = createHash('sha256')
  const manifests = workspaceFolders().map((folder) => join(folder, 'package.json'))
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests])
    hash.update(readFileSync(file.startsWith(ROOT) ? file : join(ROOT, file)))
  return `${hash.digest('hex')} ${process.platform}-${process.arch}`
}

const isInstalled = () =>
  existsSync(STAMP) &&
  readFileSync(STAMP, 'utf8') === fingerprint() &&
  workspaceFolders().every((folder) => existsSync(join(folder, 'node_modules')))

/** Installs the dependencies as the lockfile has them, unless that is what is there. Resolves to an exit code. */
export const ensureInstalled = async (env) => {
  if (isInstalled()) return 0
  say('installing dependencies')
  const reporter = process.stderr.isTTY ? [] : ['--reporter=append-only']
  const code = await runCommand('pnpm', ['install', '--frozen-lockfile', '--prod=false', ...reporter], { env })
  if (code !== 0) return code
  mkdirSync(MEMORY, { recursive: true })
  writeFileSync(STAMP, fingerprint())
  return 0
}
