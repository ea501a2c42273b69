import { createApiKey } from '@dbcluster/auth'
import { parseDuration } from '@dbcluster/config'
import type { KeyInfo, Logger } from '@dbcluster/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ConnectionOptions, withNetwork } from './key-connection.js'
import { listOption } from './options.js'

interface CreateOptions extends ConnectionOptions {
  readonly app: string
  readonly scope: 'read' | 'write' | 'admin'
  readonly database: readonly string[]
  readonly expires: number | undefined
  /** `--no-create` */
  readonly create: boolean
}

interface ListOptions extends ConnectionOptions {
  readonly app: string | undefined
  readonly json: boolean
}

/** What the commands get from the process. */
export interface ApiKeysInit {
  readonly directory: string
  readonly credential: string | undefined
  readonly logger: Logger
}

/** `dbcluster keys create|list|revoke`: API keys of a network that runs, known to all nodes at once. */
export const addApiKeyCommands = (keys: Command, init: ApiKeysInit): void => {
  connected(keys.command('create'))
    .description('make an API key that every node knows at once; it is shown this once')
    .requiredOption('--app <name>', 'the app that it speaks for')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'write', 'admin']).default('write'))
    .option('--database <name>', 'the only databases it may touch; may be repeated (default: all)', listOption, [])
    .option(
      '--expires <duration>',
      'how long it is valid, such as 720h or 90d (default: until revoked)',
      durationOption,
    )
    .option('--no-create', 'it creates no databases (one that only reads never does)')
    .action(async ({ app, scope, database, expires, create, ...connection }: CreateOptions) => {
      const { key, record } = createApiKey({ app, scope, ...(database.length === 0 ? {} : { databases: database }) })
      const { key: made } = await withNetwork({ ...init, ...connection, app }, (ask) =>
        ask({
          op: 'createKey',
          app,
          scope,
          hash: record.hash,
          ...(database.length === 0 ? {} : { databases: [...database] }),
          ...(expires === undefined ? {} : { expiresAtMs: Date.now() + expires }),
          ...(create ? {} : { mayCreate: false }),
        }),
      )
      process.stdout.write(`${key}\n`)
      process.stderr.write(`${describe(made)}\nIt is shown this once: only its hash is kept.\n`)
    })

  connected(keys.command('list'))
    .description('list API keys, revoked ones included; those of configurations are not among them')
    .option('--app <name>', 'of this app only (default: of all that the credential may see)')
    .option('--json', 'as JSON', false)
    .action(async ({ app, json, ...connection }: ListOptions) => {
      const { keys: found } = await withNetwork({ ...init, ...connection, app }, (ask) =>
        ask({ op: 'listKeys', ...(app === undefined ? {} : { app }) }),
      )
      const text = json ? JSON.stringify(found, undefined, 2) : found.map(describe).join('\n')
      process.stdout.write(text === '' ? 'no API keys\n' : `${text}\n`)
    })

  connected(keys.command('revoke <id>'))
    .description('end an API key for good, on every node and gateway; also one of a configuration')
    .action(async (id: string, connection: ConnectionOptions) => {
      // The whole key will do too: whoever has a leaked one at hand has that.
      const wanted = /^dbc_([A-Za-z0-9]+)_/.exec(id)?.[1] ?? id
      const { key } = await withNetwork({ ...init, ...connection, app: undefined }, (ask) =>
        ask({ op: 'revokeKey', id: wanted }),
      )
      process.stdout.write(`${describe(key)}\n`)
    })
}

const connected = (command: Command): Command =>
  command
    .option(
      '--data-dir <directory>',
      "data directory of a node on this machine: acts with the network's own keys",
      './data',
    )
    .option('--url <url>', 'a gateway instead; the environment’s DBCLUSTER_API_KEY needs the scope admin')

const DAY_MS = 86_400_000

const durationOption = (text: string): number => {
  const days = /^(\d{1,5})d$/.exec(text)?.[1]
  const ms = days === undefined ? parseDuration(text) : Number(days) * DAY_MS
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('Expected a duration such as 90d, 720h or 30m.')
}

const describe = ({ id, app, scope, databases, may_create, expires_at, created_by, revoked }: KeyInfo): string =>
  [
    id,
    revoked ? 'revoked' : 'valid',
    `app=${app === '' ? '(of a configuration)' : app}`,
    `scope=${scope ?? '?'}`,
    `databases=${databases === null ? 'all' : databases.join(',')}`,
    `create=${may_create ? 'yes' : 'no'}`,
    `expires=${expires_at ?? 'never'}`,
    `by=${created_by}`,
  ].join('  ')
