import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { MEMORY, ROOT } from './paths.mjs'
import { say } from './say.mjs'

const run = promisify(execFile)

/** How long a pnpm on PATH may take to tell its version. */
const VERSION_TIMEOUT_MS = 15_000

/** `pnpm@VERSION` as package.json pins it. */
const pinned = () => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).packageManager

/** Whether the pnpm on PATH is the pinned one. Asked outside of the repository, where pnpm would fetch it by itself. */
const isOnPath = async (version) => {
  try {
    const { stdout } = await run('pnpm', ['--version'], {
      cwd: tmpdir(),
      timeout: VERSION_TIMEOUT_MS,
      // The pnpm that corepack puts there must not go and fetch the newest one.
      env: { ...process.env, COREPACK_ENABLE_NETWORK: '0', COREPACK_ENABLE_STRICT: '0' },
    })
    return stdout.trim() === version
  } catch {
    return false
  }
}

/** The directory in npx's cache that holds the pinned pnpm's command; fetched if it isn't there. */
const fetchDirectory = async (spec) => {
  say(`getting ${spec}`)
  // npx puts the directory first on the PATH of what it runs.
  const show = 'process.stdout.write(process.env.PATH)'
  const { stdout } = await run('npx', ['--yes', `--package=${spec}`, '--', process.execPath, '-e', show], {
    cwd: tmpdir(),
  })
  const directory = stdout.split(delimiter).find((entry) => entry.includes('_npx') && existsSync(join(entry, 'pnpm')))
  if (directory === undefined)
    throw new Error(`npx has fetched ${spec}, but its command isn't on the PATH it gave: ${stdout}`)
  return directory
}

/** An environment in which `pnpm` is the pinned one, without what npm adds for its own scripts. */
export const pnpmEnvironment = async () => {
  const spec = pinned()
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
  // Dependencies for development are needed to build, whatever this shell is set to.
  delete env.NODE_ENV
  if (env.npm_config_user_agent?.startsWith(`${spec.replace('@', '/')} `)) return env
  const memory = new URL('pnpm.json', MEMORY)
  const known = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : {}
  const usable = known.spec === spec && (known.directory === '' || existsSync(join(known.directory, 'pnpm')))
  const directory = usable ? known.directory : (await isOnPath(spec.split('@')[1])) ? '' : await fetchDirectory(spec)
  if (!usable && existsSync(new URL('../', MEMORY))) {
    mkdirSync(MEMORY, { recursive: true })
    writeFileSync(memory, JSON.stringify({ spec, directory }))
  }
  return directory === '' ? env : { ...env, PATH: `${directory}${delimiter}${env.PATH}` }
}
