/**
 * A jest `globalSetup`: builds the programs that test clusters are made of. turbo decides what is stale, so this takes
 * a moment when nothing is. DBCLUSTER_APPS_BUILT=1 says that they are built.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// biome-ignore lint/style/noDefaultExport: jest takes a globalSetup from there
export default () => {
  if (process.env.DBCLUSTER_APPS_BUILT === '1') return
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const turbo = fileURLToPath(new URL('../../node_modules/turbo/bin/turbo', import.meta.url))
  const filters = ['node', 'gateway'].map((app) => `--filter=${app}`)
  const options = ['--output-logs=errors-only', '--ui=stream']
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [turbo, 'run', 'build', ...filters, ...options],
    {
      cwd: root,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
      encoding: 'utf8',
    },
  )
  if (status === 0) return
  throw new Error(`building the apps failed: ${error?.message ?? `status ${status}`}\n${stdout}\n${stderr}`)
}
