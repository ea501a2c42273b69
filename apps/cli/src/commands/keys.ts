import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { createApiKey } from '@dbcluster/auth'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import {
  createLogger,
  loadOrCreateKeys,
  ROTATION_STEPS,
  type RotationStep,
  readIdentity,
  rotateKey,
} from '@dbcluster/runtime'
import { Argument, type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { addApiKeyCommands } from './api-keys.js'
import { listOption } from './options.js'

/** Where a node with the default configuration keeps its keys. */
const DEFAULT_DIRECTORY = './data/keys'

/** Hexadecimal digits of a fingerprint: enough to compare two copies by eye, useless to guess a key. */
const FINGERPRINT_DIGITS = 16

/** What is to be done once a step was taken on one node. */
const AFTERWARDS = {
  prepare:
    'Copy that file (mode 0600) to the same place on every other node, and restart the nodes one after the other: they\n' +
    'accept both keys then. Go on with `switch` once all have been restarted.',
  switch:
    'Restart this node, then switch and restart the next one. With the network key: give the new one to gateways and\n' +
    'applications too, any time before `finish`.',
  finish: 'Restart this node, then finish and restart the next one.',
} as const satisfies Record<RotationStep, string>

interface ApiOptions {
  readonly app: string
  readonly scope: 'read' | 'write' | 'admin'
  readonly database: readonly string[]
}

/** `dbcluster keys`: the secrets of a network, and API keys. */
export const addKeysCommand = (program: Command, directory: string, credential: string | undefined): void => {
  const keys = program.command('keys').description('make and show the keys of a network, and API keys')
  const logger = createLogger({ level: 'warn' })
  addApiKeyCommands(keys, { directory, credential, logger })
  const files = (dir: string) => ({
    networkKeyFile: join(resolve(directory, dir), 'network.key'),
    clusterKeyFile: join(resolve(directory, dir), 'cluster.key'),
    identityFile: join(resolve(directory, dir), 'identity.key'),
  })

  keys
    .command('make')
    .description('make the network key and the cluster key of a new network; what is there stays')
    .option('--dir <directory>', 'where to write them', DEFAULT_DIRECTORY)
    .action(async ({ dir }: { readonly dir: string }) => {
      const { networkKeyFile, clusterKeyFile } = files(dir)
      await loadOrCreateKeys({ networkKeyFile, clusterKeyFile, bootstrapPeers: [], firstStart: true, logger })
      process.stdout.write(
        `${networkKeyFile}\n${clusterKeyFile}\n\n` +
          'Copy both files to every node of the network (data_dir/keys, mode 0600), and the network key to gateways and\n' +
          'to applications that use libp2p. Whoever has both can act as a node.\n',
      )
    })

  keys
    .command('show')
    .description("show which keys a node has, by fingerprint, and the node's peer id")
    .option('--dir <directory>', 'where they are', DEFAULT_DIRECTORY)
    .action(async ({ dir }: { readonly dir: string }) => {
      process.stdout.write(await describeKeys(files(dir), logger))
    })

  keys
    .command('rotate')
    .description('take one step of exchanging a key on this node: prepare, switch, finish, each on all nodes in turn')
    .addArgument(new Argument('<key>', 'which key').choices(['network', 'cluster']))
    .addArgument(new Argument('<step>', 'which step').choices([...ROTATION_STEPS]))
    .option('--dir <directory>', 'where the keys are', DEFAULT_DIRECTORY)
    .action(async (which: 'network' | 'cluster', step: RotationStep, { dir }: { readonly dir: string }) => {
      const { networkKeyFile, clusterKeyFile } = files(dir)
      const file = which === 'network' ? networkKeyFile : clusterKeyFile
      process.stdout.write(`${await rotateKey({ which, file, step, logger })}\n${AFTERWARDS[step]}\n`)
    })

  keys
    .command('api')
    .description(
      'make an API key for auth.api_keys of the nodes, without a network: the first one; see create for others',
    )
    .requiredOption('--app <name>', 'the app that it speaks for')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'write', 'admin']).default('write'))
    .option(
      '--database <name>',
      'the only databases it may touch; may be repeated (default: all of the app)',
      listOption,
      [],
    )
    .action(({ app, scope, database }: ApiOptions) => {
      const restricted = database.length === 0 ? {} : { databases: database }
      const { key, record } = createApiKey({ app, scope, ...restricted })
      process.stdout.write(
        `# For the application; it is shown this once.\n# ${key}\n\n` +
          `# For the configuration of every node.\n${stringify({ auth: { api_keys: [record] } })}`,
      )
    })
}

interface KeyFiles {
  readonly networkKeyFile: string
  readonly clusterKeyFile: string
  readonly identityFile: string
}

const fingerprint = (key: Uint8Array): string =>
  createHash('sha256').update(key).digest('hex').slice(0, FINGERPRINT_DIGITS)

const describeKeys = async (
  { networkKeyFile, clusterKeyFile, identityFile }: KeyFiles,
  logger: Logger,
): Promise<string> => {
  const { networkKey, clusterKey, acceptedNetworkKeys, acceptedClusterKeys } = await loadOrCreateKeys({
    networkKeyFile,
    clusterKeyFile,
    bootstrapPeers: [],
    firstStart: false,
    logger,
  }).catch((error: unknown) => {
    if (!(error instanceof DbClusterError) || error.code !== 'KEY_MISSING') throw error
    throw new DbClusterError('KEY_MISSING', `not both keys of a network are in ${join(networkKeyFile, '..')}`, {
      hint: 'copy them from a node of the network, or make new ones with `dbcluster keys make`',
      details: error.details ?? {},
      cause: error,
    })
  })
  const identity = await readIdentity(identityFile, logger)
  const accepted = (keys: readonly Uint8Array[]): string =>
    keys.map((key) => `\n             accepted too: fingerprint ${fingerprint(key)}`).join('')
  return [
    `network key  ${networkKeyFile}  fingerprint ${fingerprint(networkKey)}${accepted(acceptedNetworkKeys)}`,
    `cluster key  ${clusterKeyFile}  fingerprint ${fingerprint(clusterKey)}${accepted(acceptedClusterKeys)}`,
    `peer id      ${identity?.peerId ?? 'none yet: the node makes its identity at its first start'}`,
    '',
  ].join('\n')
}
