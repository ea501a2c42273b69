import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '@dbcluster/client'
import { eventually } from '@dbcluster/testkit'
import type { NamedClient } from '../cluster/torture-cluster.js'
import type { HistoryWriter } from '../history/history-writer.js'
import { Random } from '../random.js'
import type { Choices } from './choices.js'
import { outcomeOf } from './outcome.js'
import { type ClientInvocation, OTHER_VALUE, perform } from './perform.js'

/** For the creation of one database, on a busy machine. */
const OPEN_LIMIT_MS = 180_000
const PAUSE_MAX_MS = 160
const TIMEOUT_MS = 4_000
/** Some callers are less patient, so that time ends everywhere on the way of a request. */
const IMPATIENT_TIMEOUT_MS = 250
const IMPATIENT_SHARE = 0.05

/** Settings of a load. */
export interface LoadInit {
  readonly seed: number
  readonly workers: number
  readonly databases: readonly string[]
  readonly clients: readonly NamedClient[]
  readonly choices: Choices
  readonly history: HistoryWriter
}

/** Clients at work. */
export interface Load {
  /** Lets a database rest for a while. */
  rest(database: string): void
  resume(database: string): void
  /** Stops, and resolves when every operation has ended. */
  stop(): Promise<void>
}

/** A handle on each database through each client; opened while all is well. */
export type Handles = ReadonlyMap<string, ReadonlyMap<string, Database>>

/** Opens every database through every client. @throws Error when one can't be had although nothing goes wrong */
export const openHandles = async (clients: readonly NamedClient[], databases: readonly string[]): Promise<Handles> => {
  const handles = new Map(clients.map(({ via }) => [via, new Map<string, Database>()]))
  for (const name of databases) {
    for (const { via, client } of clients) {
      const open = (): Promise<Database> => client.database(name)
      const db = await eventually(`${name} can be had through ${via}`, open, { limitMs: OPEN_LIMIT_MS })
      handles.get(via)?.set(name, db)
    }
  }
  return handles
}

/** Starts workers that do one thing after the other, until they are stopped. */
export const startLoad = (init: LoadInit, handles: Handles): Load => {
  const { choices, history, clients } = init
  const stopping = new AbortController()
  const resting = new Set<string>()
  let nextProcess = 0
  const newProcess = (): number => {
    nextProcess += 1
    return nextProcess - 1
  }

  const work = async (random: Random): Promise<void> => {
    let process = newProcess()
    while (!stopping.signal.aborted) {
      await pause(random.integer(1, PAUSE_MAX_MS))
      const database = random.pick(init.databases)
      const { via } = random.pick(clients)
      const db = handles.get(via)?.get(database)
      const invocation = choices.next(random, database)
      const timeoutMs = random.chance(IMPATIENT_SHARE) ? IMPATIENT_TIMEOUT_MS : TIMEOUT_MS
      if (db === undefined || resting.has(database)) continue
      history.add({ type: 'invoke', process, via, ...invocation })
      if ((await carryOut(db, invocation, { process, timeoutMs })) === 'info') process = newProcess()
    }
  }

  const carryOut = async (
    db: Database,
    invocation: ClientInvocation,
    { process, timeoutMs }: { readonly process: number; readonly timeoutMs: number },
  ): Promise<'ok' | 'fail' | 'info'> => {
    try {
      const performed = await perform(db, invocation, timeoutMs)
      if (performed === OTHER_VALUE) {
        history.add({ type: 'fail', process, error: OTHER_VALUE })
        return 'fail'
      }
      history.add({ type: 'ok', process, ...performed })
      remember(choices, invocation, performed.output)
      return 'ok'
    } catch (thrown) {
      const outcome = outcomeOf(invocation, thrown)
      history.add({ process, ...outcome })
      return outcome.type
    }
  }

  const working = Array.from({ length: init.workers }, (_, at) => work(new Random(init.seed * 1_000 + at + 1)))
  return {
    rest: (database) => void resting.add(database),
    resume: (database) => void resting.delete(database),
    stop: async () => {
      stopping.abort()
      await Promise.all(working)
    },
  }
}

const remember = (choices: Choices, invocation: ClientInvocation, output: unknown): void => {
  if (invocation.f === 'register.read' && typeof output === 'number') choices.saw(invocation.key, output)
  if (invocation.f === 'register.write') choices.saw(invocation.key, invocation.value)
}
