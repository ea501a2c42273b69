/**
 * pnpm loads this file at its start ("pnpmfile" in pnpm-workspace.yaml). `pnpm deploy` copies an app before it runs any
 * script, so this is the one place where `pnpm --filter gateway deploy` can be made to build what it copies.
 * It exports no hooks: those would put a checksum of this file into the lockfile.
 */
const { spawnSync } = require('node:child_process')

const words = process.argv.slice(2)
const isGateway = words.some((word) => /^(?:--filter=)?(?:gateway|\.\/apps\/gateway)$/.test(word))

if (words.includes('deploy') && isGateway) {
  const pnpm = process.argv[1]
  const { status } = spawnSync(process.execPath, [pnpm, 'run', 'build'], { cwd: __dirname, stdio: 'inherit' })
  if (status !== 0) throw new Error('the gateway could not be built; run "pnpm install" first')
}

module.exports = {}
