#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { addConfigCommand } from './commands/config.js'
import { addDbCommand } from './commands/db.js'
import { addDevCommand } from './commands/dev.js'
import { addKeysCommand } from './commands/keys.js'
import { addNodeCommand } from './commands/node.js'
import { reportError } from './commands/report-error.js'

/** npm and pnpm change to the package's directory; this is the one that the command was typed in. */
const directory = process.env.INIT_CWD ?? process.cwd()

const program = new Command('dbcluster')
  .description('Isolated, replicated SQLite databases on demand')
  .showHelpAfterError('(--help shows what there is)')

addDevCommand(program, directory, {
  node: fileURLToPath(new URL('../../node/dist/main.js', import.meta.url)),
  gateway: fileURLToPath(new URL('../../gateway/dist/main.js', import.meta.url)),
})
addKeysCommand(program, directory, process.env.DBCLUSTER_API_KEY)
addConfigCommand(program, directory)
addNodeCommand(program, directory)
addDbCommand(program, directory)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) reportError(error)
  process.exitCode = 1
}
