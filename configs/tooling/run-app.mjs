/**
 * `pnpm --filter node start [--] [options]`: builds what the app needs, then becomes the app (same process: signals
 * arrive). Relative paths among the options count from the directory the command was typed in (INIT_CWD).
 */
import './bootstrap/check-node-version.mjs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './bootstrap/build.mjs'
import { followParent } from './bootstrap/follow-parent.mjs'
import { ROOT, TYPED_IN } from './bootstrap/paths.mjs'
import { pnpmEnvironment } from './bootstrap/pnpm.mjs'

const [name, ...options] = process.argv.slice(2)
const code = await build([`./apps/${name}`], await pnpmEnvironment())
if (code !== 0) process.exit(code)

const main = join(ROOT, 'apps', name, 'dist', 'main.js')
process.argv = [process.execPath, main, ...options.filter((option, at) => !(at === 0 && option === '--'))]
process.env.INIT_CWD = TYPED_IN
followParent()
await import(pathToFileURL(main).href)
