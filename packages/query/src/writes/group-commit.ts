import { DbClusterError } from '@dbcluster/protocol'
import type { RqliteClient } from '@dbcluster/rqlite'
import type { Deadline } from '../deadline.js'
import { writeFailure } from './write-outcome.js'
import { type PlannedStatement, type UnitOutcome, writeUnits } from './write-units.js'

/** Statements that travel in one request at most. */
const GROUP_MAX_STATEMENTS = 128
/** Characters of their SQL and texts, about; the last one may exceed it. */
const GROUP_MAX_CHARS = 1024 * 1024
/** Statements that wait for one database; further ones are refused with `OVERLOADED`. */
const QUEUE_MAX_STATEMENTS = 4_096

/** One write by itself, for whoever waits for it. */
interface Waiting {
  readonly planned: PlannedStatement
  readonly deadline: Deadline
  readonly settle: (outcome: UnitOutcome) => void
  sent: boolean
}

/**
 * Collects writes of one database while a request with writes is under way, and sends them as the next one: a request
 * costs rqlite one entry of the Raft log and its disk writes, however many statements it has. The first write of an idle
 * database goes at once. Each statement has its own result and its own failure.
 */
export class GroupCommit {
  /** A line is there while a request of it is under way. */
  readonly #lines = new Map<RqliteClient, Waiting[]>()

  /**
   * Carries one write out that gives no rows.
   * @throws DbClusterError what the request as a whole failed with; for this caller, whose time may be over earlier than
   * others', `OUTCOME_UNKNOWN` once it was sent
   */
  async write(client: RqliteClient, planned: PlannedStatement, deadline: Deadline): Promise<UnitOutcome> {
    const { signal } = deadline
    signal.throwIfAborted()
    const line = this.#lines.get(client)
    if (line !== undefined && line.length >= QUEUE_MAX_STATEMENTS) throw overloaded()
    return new Promise((resolve) => {
      const settle = (outcome: UnitOutcome): void => {
        signal.removeEventListener('abort', onAbort)
        resolve(outcome)
      }
      const waiting: Waiting = { planned, deadline, settle, sent: false }
      const onAbort = (): void => {
        const error = signal.reason as DbClusterError
        settle({ error: waiting.sent ? writeFailure(error, deadline) : error })
      }
      signal.addEventListener('abort', onAbort, { once: true })
      if (line === undefined) void this.#run(client, [waiting])
      else line.push(waiting)
    })
  }

  async #run(client: RqliteClient, line: Waiting[]): Promise<void> {
    this.#lines.set(client, line)
    for (let group = nextGroup(line); group.length > 0; group = nextGroup(line)) await send(client, group)
    this.#lines.delete(client)
  }
}

/** What waits and is still wanted, up to the bounds. */
const nextGroup = (line: Waiting[]): readonly Waiting[] => {
  const group: Waiting[] = []
  for (let chars = 0; group.length < GROUP_MAX_STATEMENTS && chars < GROUP_MAX_CHARS; ) {
    const next = line.shift()
    if (next === undefined) break
    if (next.deadline.signal.aborted) continue
    group.push(next)
    chars += charsOf(next.planned)
  }
  return group
}

const charsOf = ({ bound: { sql, params = [] } }: PlannedStatement): number =>
  params.reduce<number>((sum, param) => sum + (typeof param === 'string' ? param.length : 20), sql.length)

/** No single caller's wish to stop ends the request: it lasts as long as the most patient of them. */
const send = async (client: RqliteClient, group: readonly Waiting[]): Promise<void> => {
  const timeoutMs = Math.max(1, ...group.map(({ deadline }) => Math.ceil(deadline.leftMs())))
  for (const one of group) one.sent = true
  try {
    const { statements, collect } = writeUnits(
      group.map(({ planned }) => planned),
      false,
    )
    const outcomes = collect(await client.execute(statements, { timeoutMs }))
    for (const [index, { settle }] of group.entries()) settle(outcomes[index] ?? missing())
  } catch (error) {
    for (const { settle, deadline } of group) settle({ error: writeFailure(error, deadline) })
  }
}

const missing = (): UnitOutcome => ({ error: new DbClusterError('INTERNAL', 'rqlited left out a result') })

const overloaded = (): DbClusterError =>
  new DbClusterError('OVERLOADED', `${QUEUE_MAX_STATEMENTS} writes wait for this database already`, {
    hint: 'send it again in a moment; many writes at once travel better as a batch',
  })
