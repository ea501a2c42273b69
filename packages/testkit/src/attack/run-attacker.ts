import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ATTACKER_PROGRAM } from '../repository.js'
import type { Attempt, AttemptResult } from './attempt.js'

/** Who attacks what. */
export interface AttackerInit {
  /** Multiaddr with peer id. */
  readonly target: string
  /** Text of a swarm-key file. @default the attacker has no network key */
  readonly networkKey?: string
  /** Attempts made at a time. @default 1 */
  readonly parallel?: number
  readonly attempts: readonly Attempt[]
}

/**
 * Runs an attacker in a process of its own.
 * @returns one result for each attempt, in order
 * @throws Error when the attacker itself breaks
 */
export const runAttacker = async (init: AttackerInit): Promise<readonly AttemptResult[]> => {
  const child = spawn(process.execPath, ['--no-warnings', ATTACKER_PROGRAM], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  child.stdin.end(JSON.stringify(init))
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  const lines = output.split('\n').filter((line) => line !== '')
  if (lines.length !== init.attempts.length) throw new Error(`the attacker ended with ${String(code)}: ${errors}`)
  return lines.map((line) => JSON.parse(line) as AttemptResult)
}
