import { createInterface } from 'node:readline/promises'
import { DbClusterError, type RecoveryResult, splitInternalName } from '@dbcluster/protocol'
import type { Command } from 'commander'
import { addLifeCommands } from './db-life.js'
import { type OperatorLine, withOperatorLine } from './operator-line.js'
import { integerOption } from './options.js'

interface DataOption {
  readonly dataDir: string
}

/** `dbcluster db`: single databases, for operators. */
export const addDbCommand = (program: Command, directory: string): void => {
  const db = program
    .command('db')
    .description(
      'single databases; needs the data directory, with its cluster key, of a node that runs on this machine',
    )

  addLifeCommands(db, directory)

  db.command('set-replication')
    .description('change how many replicas a database has')
    .argument('<name>', 'with its app: myapp_users')
    .argument('<replicas>', 'how many', integerOption(1, 15))
    .option('--data-dir <directory>', "a running node's data directory", './data')
    .action((name: string, replicationFactor: number, { dataDir }: DataOption) =>
      withOperatorLine({ directory, dataDir }, async (line) => {
        const { app, database } = splitInternalName(name)
        await line.ask({ op: 'setReplication', database, replicationFactor }, app)
        process.stdout.write(`${name} is to have ${replicationFactor} replicas; its status shows them come and go\n`)
      }),
    )

  db.command('recover')
    .description('bring a database back that lost a majority of its replicas for good, from the best one that is left')
    .argument('<name>', 'with its app: myapp_users')
    .option('--data-dir <directory>', "a running node's data directory", './data')
    .option('--confirm <name>', 'the name again, instead of being asked for it')
    .action((name: string, { dataDir, confirm }: DataOption & { readonly confirm?: string }) =>
      withOperatorLine({ directory, dataDir }, (line) => recover(line, name, confirm)),
    )
}

const recover = async (line: OperatorLine, name: string, given: string | undefined): Promise<void> => {
  const { app, database } = splitInternalName(name)
  const left = await line.ask({ op: 'recover', database }, app)
  process.stdout.write(`${describeLeft(name, left)}\n`)
  if (left.chosen === null) {
    throw new DbClusterError('DATABASE_UNAVAILABLE', `no replica of ${name} that is left can be taken`, {
      hint: 'bring a node with a replica back, or restore a backup into a new database',
    })
  }
  const typed = given ?? (await askFor(`Type the name of the database to go on (${name}): `))
  if (typed !== name) {
    throw new DbClusterError('CANCELLED', `${JSON.stringify(typed)} is not ${name}: nothing was done`)
  }
  const { chosen } = await line.ask({ op: 'recover', database, confirm: database }, app)
  process.stdout.write(`${name} goes on from the replica of ${chosen}; further replicas are being added\n`)
}

const describeLeft = (name: string, { survivors, missing, chosen }: RecoveryResult): string =>
  [
    `Replicas of ${name} that are left, the best first:`,
    ...survivors.map(
      ({ peer_id, last_term, last_index, unusable }) =>
        `  ${peer_id}  last entry ${last_index} of term ${last_term}${unusable === undefined ? '' : `  cannot be taken: ${unusable}`}`,
    ),
    ...(survivors.length === 0 ? ['  none'] : []),
    `Nodes with a replica that do not answer: ${missing.length === 0 ? 'none' : missing.join(', ')}`,
    '',
    'WHAT MAY BE LOST: every write that was acknowledged by the missing replicas alone. A write is acknowledged once a',
    'majority has it; the missing ones may have been that majority. Should one of the missing nodes come back, its copy',
    'is set aside in its data_dir/quarantine and not merged. If they are only cut off and still serve, what they accept',
    'from now on is lost too: make sure that they are down.',
    ...(chosen === null ? [] : ['', `It would go on from ${chosen}.`]),
  ].join('\n')

const askFor = async (question: string): Promise<string> => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await terminal.question(question)).trim()
  } finally {
    terminal.close()
  }
}
