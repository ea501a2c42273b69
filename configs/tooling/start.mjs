/**
 * `npm start` on a fresh clone: installs, builds, and starts a cluster on this machine. The last step happens in this
 * process, so that signals reach it whoever sends them.
 */
import './bootstrap/check-node-version.mjs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './bootstrap/build.mjs'
import { followParent } from './bootstrap/follow-parent.mjs'
import { ensureInstalled } from './bootstrap/install.mjs'
import { ROOT } from './bootstrap/paths.mjs'
import { pnpmEnvironment } from './bootstrap/pnpm.mjs'

const env = await pnpmEnvironment()
const code = (await ensureInstalled(env)) || (await build(['node', 'gateway', 'dbcluster'], env))
if (code !== 0) process.exit(code)

const main = join(ROOT, 'apps', 'cli', 'dist', 'main.js')
const args = process.argv.slice(2).filter((argument, at) => !(at === 0 && argument === '--'))
process.argv = [process.execPath, main, 'dev', ...args]
followParent()
await import(pathToFileURL(main).href)
