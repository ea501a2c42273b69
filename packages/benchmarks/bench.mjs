/** Builds what the benchmarks run, then runs them: `pnpm bench create --runs 20 --save`. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const turbo = fileURLToPath(new URL('../../node_modules/turbo/bin/turbo', import.meta.url))
const filters = ['@dbcluster/benchmarks', 'node', 'gateway'].map((name) => `--filter=${name}`)
const build = spawnSync(process.execPath, [turbo, 'run', 'build', ...filters, '--output-logs=errors-only'], {
  cwd: root,
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  stdio: ['ignore', 2, 2],
})
if (build.status === 0) await import('./dist/main.js')
else process.exitCode = 1
