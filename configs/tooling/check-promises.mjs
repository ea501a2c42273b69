/**
 * Runs ESLint's promise rules over every package and app. Each has a process of its own: the types of all of them together
 * fill the heap that Node.js allows itself. Arguments are folders to look at instead, such as `packages/sql`.
 */
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workspaceFolders } from './bootstrap/install.mjs'
import { runCommand } from './bootstrap/run-command.mjs'
import { createReport, ROOT } from './check-report.mjs'

/** Packages looked at at the same time: small machines have two cores. */
const CONCURRENCY = 2
const ESLINT = fileURLToPath(new URL('../../node_modules/eslint/bin/eslint.js', import.meta.url))

const chosen = process.argv.slice(2).filter((argument) => argument !== '--')
const folders = chosen.length > 0 ? chosen.map((folder) => join(ROOT, folder)) : workspaceFolders()
const report = createReport()

const look = async () => {
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const name = relative(ROOT, folder)
    const lines = []
    const code = await runCommand(process.execPath, [ESLINT, '--no-warn-ignored', name], {
      onLine: (line) => void lines.push(line),
    })
    await report.check(name, () => (code === 0 ? [] : [lines.join('\n').trim()]))
  }
}

await Promise.all(Array.from({ length: CONCURRENCY }, look))
report.finish()
