import { type DatabaseStatusResult, type ReplicaStatus, splitInternalName } from '@dbcluster/protocol'
import type { Command } from 'commander'
import { withOperatorLine } from './operator-line.js'

const COMMANDS = [
  ['status', 'where the replicas of a database are, and how they do'],
  ['hibernate', 'send a database to sleep now; refused while queries are under way'],
  ['wake', 'wake a database, ahead of the query that would'],
] as const

/** `dbcluster db status`, `hibernate`, `wake`. */
export const addLifeCommands = (db: Command, directory: string): void => {
  for (const [op, description] of COMMANDS) {
    db.command(op)
      .description(description)
      .argument('<name>', 'with its app: myapp_users')
      .option('--data-dir <directory>', "a running node's data directory", './data')
      .option('--json', 'as JSON')
      .action((name: string, { dataDir, json }: { readonly dataDir: string; readonly json?: true }) =>
        withOperatorLine({ directory, dataDir }, async (line) => {
          const { app, database } = splitInternalName(name)
          const status = await line.ask({ op, database }, app)
          process.stdout.write(json === true ? `${JSON.stringify(status, undefined, 2)}\n` : describe(name, status))
        }),
      )
  }
}

const describe = (name: string, status: DatabaseStatusResult): string =>
  [
    `${name} is ${status.status}; ${status.replicas.length} of ${status.replication_factor} replicas, rqlite ${status.rqlite_version}, cluster ${status.cluster_id}`,
    ...status.replicas.map(describeReplica),
    '',
  ].join('\n')

const describeReplica = ({ peer_id, status, leader, http_port, raft_port, last_query }: ReplicaStatus): string =>
  `  ${peer_id}  ${status.padEnd(11)}  http ${http_port}  raft ${raft_port}  last query ${last_query ?? 'unknown'}${leader ? '  leader' : ''}`
