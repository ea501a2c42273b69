/**
 * Runs the pnpm that package.json pins, fetched through npx where it isn't at hand: `node with-pnpm.mjs install`.
 */
import './bootstrap/check-node-version.mjs'
import { pnpmEnvironment } from './bootstrap/pnpm.mjs'
import { runCommand } from './bootstrap/run-command.mjs'

process.exitCode = await runCommand('pnpm', process.argv.slice(2), { env: await pnpmEnvironment() })
