import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ConfigSources, loadGatewayConfig, loadNodeConfig } from '@dbcluster/config'
import { type Command, Option } from 'commander'
import pc from 'picocolors'
import { listOption } from './options.js'

interface CheckOptions {
  readonly kind?: 'node' | 'gateway'
  readonly set: readonly string[]
}

/** `dbcluster config check`: all faults of a configuration file, without starting anything. */
export const addConfigCommand = (program: Command, directory: string): void => {
  const config = program.command('config').description('work with configuration files')
  config
    .command('check')
    .description('tell everything that is wrong with a configuration file; exit code 1 if anything is')
    .argument('<file>')
    .addOption(
      new Option('--kind <program>', 'whose file it is (default: as its sections say)').choices(['node', 'gateway']),
    )
    .option('--set <key=value>', 'an override, as the program itself takes it; may be repeated', listOption, [])
    .action((file: string, options: CheckOptions) => {
      const kind = options.kind ?? kindOf(resolve(directory, file))
      const { warnings } = load(kind, { file, sets: options.set, directory })
      for (const warning of warnings) process.stdout.write(`${pc.yellow('warning')} ${warning}\n`)
      process.stdout.write(`${file}: a valid configuration of a ${kind}\n`)
    })
}

const load = (kind: 'node' | 'gateway', sources: ConfigSources): { readonly warnings: readonly string[] } =>
  kind === 'node' ? loadNodeConfig(sources) : loadGatewayConfig(sources)

/** A file with a `gateway` section is a gateway's. One that can't be read is told by the check itself. */
const kindOf = (path: string): 'node' | 'gateway' => {
  try {
    return /^["']?gateway["']?\s*:/m.test(readFileSync(path, 'utf8')) ? 'gateway' : 'node'
  } catch {
    return 'node'
  }
}
