import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { DbClusterError } from '@dbcluster/protocol'
import { type Child, lastLines } from './processes.js'

/** How often readiness is asked for. */
const POLL_MS = 50

/** Log lines that are shown of a process that ended or isn't ready in time. */
export const SHOWN_LINES = 15

/** How long one question may take. */
const ASK_TIMEOUT_MS = 2_000

/** What {@link waitUntil} waits for. */
export interface WaitInit {
  /** As it is told when it doesn't come: `node1 is ready`. */
  readonly what: string
  /** Processes without which it can't come. */
  readonly needs: readonly Child[]
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Asks again and again until there is an answer.
 * @throws DbClusterError `TIMEOUT`, or `INTERNAL` when a needed process has ended, both with its last log lines
 */
export const waitUntil = async <T>(init: WaitInit, ask: () => Promise<T | undefined>): Promise<T> => {
  const { what, needs, timeoutMs, signal } = init
  const dead: { readonly child: Child; readonly how: string }[] = []
  for (const child of needs) void child.ended.then((how) => dead.push({ child, how }))
  for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs; ) {
    signal.throwIfAborted()
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined) return answer
    const [first] = dead
    if (first !== undefined)
      throw new DbClusterError(
        'INTERNAL',
        `${first.child.name} ended (${first.how}) before ${what}${await logOf([first.child])}`,
        {
          hint: `its whole log is ${first.child.logFile}`,
        },
      )
    await setTimeout(POLL_MS)
  }
  throw new DbClusterError('TIMEOUT', `not within ${timeoutMs / 1000} s: ${what}${await logOf(needs)}`, {
    hint: `see ${needs.map(({ logFile }) => logFile).join(', ')}`,
  })
}

const logOf = async (children: readonly Child[]): Promise<string> => {
  const logs = await Promise.all(
    children.map(async ({ name, logFile }) =>
      (await lastLines(logFile, SHOWN_LINES)).map((line) => `\n  ${name}: ${line}`),
    ),
  )
  return logs.flat().join('')
}

/** What a node writes to `node.json` once it listens. */
export interface NodeAnnouncement {
  readonly peer_id: string
  readonly pid: number
  readonly multiaddrs: readonly string[]
}

/** The announcement of this very process, or undefined while there is none. */
export const readAnnouncement = async (file: string, pid: number): Promise<NodeAnnouncement | undefined> => {
  const announcement = JSON.parse(await readFile(file, 'utf8')) as NodeAnnouncement
  return announcement.pid === pid ? announcement : undefined
}

/** Whether an HTTP GET is answered with 200. */
export const isOk = async (url: string): Promise<true | undefined> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })
  await response.body?.cancel()
  return response.ok ? true : undefined
}

/** Whether the gateway sees so many healthy nodes. */
export const areHealthy = async (url: string, apiKey: string, count: number): Promise<true | undefined> => {
  const response = await fetch(`${url}/v1/network/status`, {
    headers: { 'X-API-Key': apiKey },
    signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
  })
  if (!response.ok) return undefined
  const { nodes } = (await response.json()) as { readonly nodes: readonly { readonly health: string }[] }
  return nodes.filter(({ health }) => health === 'healthy').length >= count ? true : undefined
}
