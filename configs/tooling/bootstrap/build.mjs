import { join } from 'node:path'
import { ROOT } from './paths.mjs'
import { runCommand, runQuietly } from './run-command.mjs'
import { say } from './say.mjs'

const TURBO = join(ROOT, 'node_modules', '.bin', 'turbo')

/** Runs turbo with its output shown; it is told to end after `limitMs`. */
export const turbo = (args, env, limitMs) => runCommand(TURBO, ['run', ...args], { env, limitMs })

/**
 * Builds packages (turbo's names; none = all) and what they need, where something has changed. Shows one line per
 * package that is built, and everything only on failure. Resolves to an exit code.
 */
export const build = (packages, env) => {
  let said = false
  const onLine = (line) => {
    const name = /^(\S+):build: cache miss/.exec(line)?.[1]
    if (name === undefined) return
    if (!said) say('building what has changed')
    said = true
    say(`  ${name}`)
  }
  const filters = packages.map((name) => `--filter=${name}`)
  const output = ['--output-logs=new-only', '--log-order=stream', '--ui=stream', '--log-prefix=task']
  return runQuietly(TURBO, ['run', 'build', ...filters, ...output], {
    env: { ...env, NO_COLOR: '1', FORCE_COLOR: '' },
    onLine,
  })
}
