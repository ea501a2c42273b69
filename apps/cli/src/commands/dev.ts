import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createLogger, onShutdownSignals, writeFileAtomic } from '@dbcluster/runtime'
import type { Command } from 'commander'
import { createDevCluster, type Programs } from '../dev/cluster.js'
import { describeCluster, exampleScript } from '../dev/describe.js'
import { NODES_MAX } from '../dev/make-plan.js'
import { clusterFiles } from '../dev/plan.js'
import { integerOption, listOption } from './options.js'
import { reportError } from './report-error.js'

interface DevOptions {
  readonly nodes?: number
  readonly dir?: string
  readonly gatewayPort?: number
  readonly set: readonly string[]
}

/** Exit code of a program that was ended by Ctrl-C. */
const INTERRUPTED = 130

/** `dbcluster dev`: a cluster on this machine, to try and to develop with. */
export const addDevCommand = (program: Command, directory: string, programs: Programs): void => {
  program
    .command('dev')
    .description('start nodes and a gateway on this machine, say what to try, stop them with Ctrl-C')
    .option('--nodes <number>', 'how many nodes (default: 3, or as many as DIR has)', integerOption(1, NODES_MAX))
    .option(
      '--dir <directory>',
      'where everything is kept; run again, the same cluster is back (default: a temporary one)',
    )
    .option('--gateway-port <port>', 'port of the gateway (default: a free one)', integerOption(1, 65_535))
    .option(
      '--set <key=value>',
      'any configuration key, such as database.hibernation_timeout=5s; may be repeated',
      listOption,
      [],
    )
    .action((options: DevOptions) => runDev(options, directory, programs))
}

const runDev = async (options: DevOptions, typedIn: string, programs: Programs): Promise<void> => {
  const startedAtMs = performance.now()
  const say = (text: string): void => {
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5)
    process.stdout.write(`${seconds} s  ${text}\n`)
  }
  const isTemporary = options.dir === undefined
  const directory =
    options.dir === undefined ? mkdtempSync(join(tmpdir(), 'dbcluster-')) : resolve(typedIn, options.dir)
  const logger = createLogger({ level: 'warn' })
  const cluster = createDevCluster({
    directory,
    nodes: options.nodes,
    gatewayPort: options.gatewayPort,
    sets: options.set,
    env: process.env,
    programs,
  })({ logger, say })

  const end = async (exitCode: number, atOnce: boolean): Promise<void> => {
    try {
      await (atOnce ? cluster.kill() : cluster.stop())
      if (isTemporary) rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
    } catch (error) {
      reportError(error)
    }
    process.exit(exitCode)
  }
  let isStopping = false
  onShutdownSignals({
    onShutdown: () => {
      isStopping = true
      say('stopping (Ctrl-C again: at once)')
      void end(0, false)
    },
    onImmediate: () => void end(INTERRUPTED, true),
  })

  try {
    const running = await cluster.start()
    const { example } = clusterFiles(directory)
    await writeFileAtomic(example, exampleScript(running, new URL('./sdk.js', import.meta.url).href))
    process.stdout.write(`${describeCluster({ cluster: running, directory, isTemporary, example })}\n`)
  } catch (error) {
    // What a stop interrupts isn't a failure.
    if (isStopping) return
    reportError(error)
    await end(1, false)
  }
}
