import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ATTACKER_PROGRAM } from '../repository.js'

/** One thing that an attacker tries. */
export type Attempt =
  /** Connects, as libp2p does. */
  | { readonly kind: 'connect' }
  /** Opens a stream of a protocol and sends bytes (hexadecimal) over it. */
  | { readonly kind: 'speak'; readonly protocol: string; readonly hex?: string; readonly waitMs?: number }
  /** Joins a gossip topic, publishes messages (hexadecimal) and listens. */
  | { readonly kind: 'gossip'; readonly topic: string; readonly messages: readonly string[]; readonly waitMs?: number }
  /** Opens `count` TCP connections, `open` at a time, that say nothing, or garbage. */
  | { readonly kind: 'flood'; readonly count: number; readonly open: number; readonly garbage?: boolean }

/** What came of an attempt. */
export interface AttemptResult {
  /**
   * `not connected`, `refused` (the protocol isn't offered), `reset`, `silent` (open, but unanswered), `answered`;
   * of gossip `nothing` or `reached`; of others `connected`, `done` or `failed`.
   */
  readonly outcome:
    | 'not connected'
    | 'refused'
    | 'reset'
    | 'silent'
    | 'answered'
    | 'nothing'
    | 'reached'
    | 'connected'
    | 'done'
    | 'failed'
  readonly reason?: string
  /** Bytes that were answered. */
  readonly received?: number
  /** Gossip messages that came. */
  readonly heard?: number
  /** Peers that its gossip messages were sent to, all messages together. */
  readonly sent?: number
  /** TCP connections that were accepted, failed, and were closed by the node. */
  readonly connected?: number
  readonly failed?: number
  readonly closedByNode?: number
}

/** Who attacks what. */
export interface AttackerInit {
  /** Multiaddr with peer id. */
  readonly target: string
  /** Text of a swarm-key file. @default the attacker has no network key */
  readonly networkKey?: string
  readonly attempts: readonly Attempt[]
}

/**
 * Runs an attacker in a process of its own; it never holds a cluster key.
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
