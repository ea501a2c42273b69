#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadNodeConfig } from '@dbcluster/config'
import { DbClusterError, toDbClusterError } from '@dbcluster/protocol'
import { createLogger, onShutdownSignals } from '@dbcluster/runtime'
import { readArguments, USAGE } from './arguments.js'
import { startNode } from './node.js'
import { VERSION } from './version.js'

/** Time to stop rqlited processes when nothing can be written any more. */
const FATAL_STOP_LIMIT_MS = 15_000

const directory = process.env.INIT_CWD ?? process.cwd()

const configFile = (given: string | undefined): string => {
  if (given !== undefined) return resolve(directory, given)
  const own = fileURLToPath(new URL('../../../configs/node.yaml', import.meta.url))
  if (existsSync(own)) return own
  throw new DbClusterError('CONFIG_INVALID', 'no configuration file was given', { hint: 'pass --config FILE' })
}

const main = async (): Promise<void> => {
  const given = readArguments(process.argv.slice(2))
  if (given.help) return void process.stdout.write(USAGE)
  if (given.version) return void process.stdout.write(`${VERSION}\n`)
  const file = configFile(given.config)
  const { config, warnings } = loadNodeConfig({ file, env: process.env, sets: given.sets, directory })
  const logger = createLogger({ level: config.log.level, format: config.log.format })
  for (const warning of warnings) logger.warn(warning)
  const production = process.env.NODE_ENV === 'production'
  const spawnerProgram = fileURLToPath(new URL('./spawner.js', import.meta.url))
  // A node without its memory would be in the others' way; whoever keeps it running starts it anew.
  const onFatal = (error: DbClusterError): void => {
    logger.error('This node ends', { error: error.message })
    const stopped = starting.then((node) => node.stop()).catch(() => undefined)
    void Promise.race([stopped, pause(FATAL_STOP_LIMIT_MS)]).then(() => fail(error))
  }
  const starting = startNode({ config, logger, pathEnv: process.env.PATH, production, spawnerProgram, onFatal })
  const stop = async (signal: string): Promise<void> => {
    logger.info('Stopping', { signal })
    // Also in the middle of the start: what was begun is ended, no rqlited stays behind.
    await starting.then((node) => node.stop())
    logger.info('Stopped')
    process.exit(0)
  }
  onShutdownSignals({
    onShutdown: (signal) => void stop(signal).catch((error: unknown) => fail(error)),
    onImmediate: () => process.exit(1),
  })
  await starting
}

const fail = (thrown: unknown): never => {
  const error = toDbClusterError(thrown)
  process.stderr.write(`${error.code}: ${error.message}${error.hint === undefined ? '' : `\n  ${error.hint}`}\n`)
  if (error.code === 'INTERNAL') process.stderr.write(`${error.stack ?? ''}\n`)
  process.exit(1)
}

await main().catch(fail)
