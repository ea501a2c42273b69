import { rename, rm } from 'node:fs/promises'
import { formatSwarmKey, generateNetworkKey } from '@dbcluster/network'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { createFileExclusive, writeFileAtomic } from './atomic-file.js'
import { formatClusterKey, generateClusterKey } from './keys.js'
import { readSecretFile } from './secret-file.js'

/**
 * The three steps in which a key is exchanged without an interruption. Each is taken on every node, with a restart of
 * that node, before the next one begins.
 */
export const ROTATION_STEPS = ['prepare', 'switch', 'finish'] as const
export type RotationStep = (typeof ROTATION_STEPS)[number]

/** Settings of {@link rotateKey}. */
export interface RotateKeyInit {
  readonly which: 'network' | 'cluster'
  /** The key's file; the others lie beside it. */
  readonly file: string
  readonly step: RotationStep
  readonly logger: Logger
}

/**
 * Takes one step on one node's files; a node reads them at its start. Taking a step twice changes nothing more.
 *
 * - `prepare`: `FILE.next` is the coming key, made where there is none: accepted from others from now on.
 * - `switch`: it becomes the key itself, and the key before becomes `FILE.previous`, which is accepted still.
 * - `finish`: `FILE.previous` is deleted.
 * @returns what was done, for people
 * @throws DbClusterError `KEY_MISSING` when a file of the step before isn't there, `KEY_INVALID` when one can't be read
 */
export const rotateKey = async ({ which, file, step, logger }: RotateKeyInit): Promise<string> => {
  const [next, previous] = [`${file}.next`, `${file}.previous`]
  const read = (path: string): Promise<string | undefined> => readSecretFile(path, logger)
  const current = await read(file)
  if (current === undefined) throw missing(file, 'there is no key to exchange')
  switch (step) {
    case 'prepare': {
      if ((await read(previous)) !== undefined) {
        throw new DbClusterError('CONFLICT', `${previous} is still there: an exchange of this key is under way`, {
          hint: 'finish that one first',
          details: { file: previous },
        })
      }
      const made = which === 'network' ? formatSwarmKey(generateNetworkKey()) : formatClusterKey(generateClusterKey())
      return (await createFileExclusive(next, made)) ? `made ${next}` : `${next} was there already and stays`
    }
    case 'switch': {
      const coming = await read(next)
      if (coming === undefined && (await read(previous)) !== undefined) return `${file} was switched already`
      if (coming === undefined) throw missing(next, 'prepare comes before switch')
      // In this order a crash leaves every key that others may use in a file that is read.
      await writeFileAtomic(previous, current)
      await rename(next, file)
      return `${file} is the new key now, ${previous} the one before`
    }
    case 'finish': {
      if ((await read(next)) !== undefined) throw missing(previous, `${next} has not become the key yet`)
      await rm(previous, { force: true })
      return `${previous} is gone; only ${file} is accepted from the node's next start`
    }
  }
}

const missing = (file: string, why: string): DbClusterError =>
  new DbClusterError('KEY_MISSING', `there is no ${file}: ${why}`, {
    hint: 'each step is taken on all nodes before the next: prepare, switch, finish',
    details: { file },
  })
