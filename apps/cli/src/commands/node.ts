import type { NodeStatus } from '@dbcluster/protocol'
import type { Command } from 'commander'
import { DrainProgress } from './drain-progress.js'
import { withOperatorLine } from './operator-line.js'

/** How often a drain's progress is looked at. */
const LOOK_EVERY_MS = 1_000

interface DataOption {
  readonly dataDir: string
}

/** `dbcluster node`: the nodes of a network, for operators. */
export const addNodeCommand = (program: Command, directory: string): void => {
  const node = program
    .command('node')
    .description(
      "the network's nodes; needs the data directory, with its cluster key, of one that runs on this machine",
    )

  node
    .command('list')
    .description('every node as this one sees it')
    .option('--data-dir <directory>', "a running node's data directory", './data')
    .action(({ dataDir }: DataOption) =>
      withOperatorLine({ directory, dataDir }, async (line) => {
        const { nodes } = await line.ask({ op: 'networkStatus' })
        for (const one of nodes) process.stdout.write(`${describe(one)}\n`)
      }),
    )

  node
    .command('drain')
    .description(
      'move all replicas of a node to others and place none there, until --undo; then it may be stopped for good',
    )
    .argument('[peer-id]', 'the node (default: the one of --data-dir)')
    .option('--data-dir <directory>', "a running node's data directory", './data')
    .option('--undo', 'let it take replicas again')
    .option('--no-wait', 'return at once instead of when it is empty, or nothing moved for 15 minutes')
    .action(
      (
        given: string | undefined,
        { dataDir, ...options }: DataOption & { readonly undo?: true; readonly wait: boolean },
      ) =>
        withOperatorLine({ directory, dataDir }, async (line) => {
          const peerId = given ?? line.peerId
          const on = options.undo !== true
          const { databases } = await line.ask({ op: 'drainNode', peerId, on })
          process.stdout.write(`${peerId} ${on ? `is being drained: ${databases} replicas` : 'takes replicas again'}\n`)
          if (!on) return
          const progress = new DrainProgress(peerId, { databases, nowMs: performance.now() })
          while (options.wait && !progress.isEmpty) {
            await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
            const { nodes } = await line.ask({ op: 'networkStatus' })
            for (const text of progress.look(nodes, performance.now())) process.stdout.write(`${text}\n`)
          }
          if (progress.isEmpty) process.stdout.write(`It is empty. Stop it, then: dbcluster node forget ${peerId}\n`)
        }),
    )

  node
    .command('forget')
    .description('strike a node that is down, and will not come back, off the network')
    .argument('<peer-id>')
    .option('--data-dir <directory>', "a running node's data directory", './data')
    .action((peerId: string, { dataDir }: DataOption) =>
      withOperatorLine({ directory, dataDir }, async (line) => {
        const { members } = await line.ask({ op: 'forgetNode', peerId })
        process.stdout.write(`${peerId} is forgotten; the network has ${members} nodes\n`)
      }),
    )
}

const describe = ({ peer_id, health, databases, max_databases, draining }: NodeStatus): string =>
  `${peer_id}  ${health.padEnd(9)}  ${databases}/${max_databases} replicas${draining === true ? '  draining' : ''}`
