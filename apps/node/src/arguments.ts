import { parseArgs } from 'node:util'
import { DbClusterError } from '@dbcluster/protocol'

/** What the command line says. */
export interface NodeArguments {
  readonly config: string | undefined
  readonly sets: readonly string[]
  readonly help: boolean
  readonly version: boolean
}

/** The text of `--help`. */
export const USAGE = `A dbcluster node.

  --config FILE      configuration file (default: configs/node.yaml of this repository)
  --set KEY=VALUE    override one key, e.g. --set database.max_databases=50; may be repeated
  --version, --help

Every key can also come from the environment, e.g. DBCLUSTER_DATABASE__MAX_DATABASES=50.
`

/** Reads the command line. @throws DbClusterError `CONFIG_INVALID` on what it doesn't know */
export const readArguments = (argv: readonly string[]): NodeArguments => {
  try {
    const { values } = parseArgs({
      args: argv.filter((argument) => argument !== '--'),
      options: {
        config: { type: 'string' },
        set: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
    return {
      config: values.config,
      sets: values.set ?? [],
      help: values.help ?? false,
      version: values.version ?? false,
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DbClusterError('CONFIG_INVALID', reason, { hint: 'see --help', cause })
  }
}
